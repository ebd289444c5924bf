// The trace bus: where every part says what happened, and what a level that is off must not cost.
//
// An emitter calls `bus.emit(VmExit{...})`. The bus compares the kind's level with the run's (one predictable branch),
// appends stamp and struct to a chunk of memory, and hands full chunks to a sink. `stamp()` is kept current by the
// metal: whoever leaves a fast path brings tick and retired up to date before it emits.
//
// Correlators are allotted by `new_cause()` even while the events that would carry them are not recorded, so that a
// lower level's trace equals the filtered higher one.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>

#include "trace/event.h"

namespace trapline::trace {

// One event in memory: this header, the kind's struct padded to 8 bytes, then for a kind with a blob a u64 length and
// the bytes, padded to 8.
struct RecordHeader {
  u16 kind;
  u8 vcpu;
  u8 provenance;
  u32 bytes;  // whole record, padded, header included
  u64 tick;
  u64 retired;
  u64 cause;
};
static_assert(sizeof(RecordHeader) == 32 && offsetof(RecordHeader, vcpu) == 2 && offsetof(RecordHeader, bytes) == 4);

// Takes chunks of whole records, in order. A sink that fails remembers its first error and takes nothing more; the run
// asks it at the end (and the session ends the lane early when `failed()`).
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void take(std::span<const std::byte> records) = 0;
  virtual bool failed() const { return false; }
};

class Bus {
 public:
  static constexpr std::size_t chunk_bytes = 1 << 18;

  Bus(Level level, Sink& sink);
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  Level level() const { return level_; }
  bool records(Level level) const { return level <= level_; }

  Stamp& stamp() { return stamp_; }
  u64 new_cause() { return ++last_cause_; }

  template <typename Event>
  void emit(const Event& event) {
    if (Event::event_level <= level_) append(event, stamp_);
  }
  // For what is not the default provenance of the metal, and for per-instruction events that carry their own count.
  template <typename Event>
  void emit(const Event& event, const Stamp& stamp) {
    if (Event::event_level <= level_) append(event, stamp);
  }
  template <typename Event>
  void emit_with_blob(const Event& event, std::span<const std::byte> blob) {
    static_assert(Event::has_blob);
    if (Event::event_level <= level_) append_blob(event, blob);
  }

  // Hands what is in memory to the sink: at the end of a run, and before anyone reads while it goes on.
  void flush();

 private:
  template <typename Event>
  void append(const Event& event, const Stamp& stamp) {
    constexpr u32 bytes = sizeof(RecordHeader) + ((sizeof(Event) + 7) & ~7U);
    if (static_cast<std::size_t>(end_ - cursor_) < bytes) [[unlikely]]
      flush();
    // Built in place, a word at a time: a copy from the stack would wait for its own half-done stores.
    std::byte* const out = cursor_;
    const u64 words[4] = {static_cast<u64>(Event::event_kind) | u64{stamp.vcpu} << 16 |
                              u64{static_cast<u8>(stamp.provenance)} << 24 | u64{bytes} << 32,
                          stamp.tick, stamp.retired, stamp.cause};
    for (int i = 0; i < 4; ++i) std::memcpy(out + i * 8, &words[i], sizeof words[i]);
    new (out + sizeof(RecordHeader)) Event(event);
    cursor_ = out + bytes;
  }
  template <typename Event>
  void append_blob(const Event& event, std::span<const std::byte> blob) {
    append_large(Event::event_kind, std::as_bytes(std::span(&event, 1)), blob);
  }
  void append_large(Kind kind, std::span<const std::byte> fields, std::span<const std::byte> blob);

  Level level_;
  Sink& sink_;
  Stamp stamp_;
  u64 last_cause_ = 0;
  std::unique_ptr<std::byte[]> chunk_;
  std::byte* cursor_;
  std::byte* end_;
};

}  // namespace trapline::trace
