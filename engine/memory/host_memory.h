// The modelled machine's physical memory (soft), or a guest's memory as this process holds it (kvm): bytes behind
// frames, with marks per frame that tell who must hear of a write.
//
// A fast path may write to a frame directly only while `marks(frame) == 0`. Everyone else goes through `write`, which
// keeps the promises: writes to a frame marked `table` are emitted as table_write; writes to a frame marked `code` are
// told to the code listener so that decoded blocks die. A frame that gets its first mark is told to the mark listener,
// so that pointers which a fast path still holds die too.
//
// Pages that nobody touched cost nothing: they are fresh anonymous pages of the host.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/tag.h"
#include "trace/bus.h"

namespace trapline::memory {

namespace mark {
inline constexpr u8 code = 1;          // decoded blocks come from this frame
inline constexpr u8 guest_table = 2;   // a guest walk has read paging-structure entries here
inline constexpr u8 ept_table = 4;     // the same for EPT
inline constexpr u8 shadow_table = 8;  // the same for shadow page tables
inline constexpr u8 table = guest_table | ept_table | shadow_table;
}  // namespace mark

// Tags of the keyframe parts that this room writes. Both hold whole pages, `address` is the first byte's Hpa.
inline constexpr u32 memory_part = tag("MEM0");  // some pages of a whole-memory keyframe; pages not sent are zero
inline constexpr u32 page_part = tag("PAGE");    // one page, when it is first watched as a table; not part of a set

class HostMemory {
 public:
  // The largest memory that can be asked for. Its bytes cost nothing until touched, its marks one byte a frame.
  static constexpr u64 largest = 64ULL << 30;

  // Fresh zero pages. Errors: no whole number of pages, nothing, too much, or refused by the host.
  static Result<std::unique_ptr<HostMemory>> make(u64 bytes, trace::Bus& bus);
  // The same for sizes known to be sensible (asserted); a host without memory for it gives a memory of 0 bytes.
  HostMemory(u64 bytes, trace::Bus& bus);
  // A region that somebody else owns and keeps for as long: page-aligned, whole pages (kvm's memory slots).
  HostMemory(std::span<std::byte> region, trace::Bus& bus);
  ~HostMemory();
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;

  u64 bytes() const { return bytes_; }
  bool contains(Hpa address, u64 size) const { return address.value < bytes_ && size <= bytes_ - address.value; }

  std::byte* host_page(Hpa address) { return base_ + address.page().value; }
  const std::byte* host_page(Hpa address) const { return base_ + address.page().value; }

  // Little-endian values of 1, 2, 4 or 8 bytes inside one page; the caller has checked contains().
  u64 read(Hpa address, unsigned size) const {
    u64 value = 0;
    std::memcpy(&value, base_ + address.value, size);
    return value;
  }
  void write(Hpa address, unsigned size, u64 value, trace::Writer writer);
  // Any length inside the memory, across pages.
  void read_bytes(Hpa address, std::span<std::byte> into) const;
  void write_bytes(Hpa address, std::span<const std::byte> from, trace::Writer writer);

  u8 marks(u64 frame) const { return marks_[frame]; }
  const u8* marks_of(Hpa address) const { return &marks_[address.page_number()]; }
  // The first `table` mark on a frame emits a keyframe part with the frame's bytes, so that everything that was written
  // before the frame was watched is known too. Returns true where the mark is new.
  bool add_mark(u64 frame, u8 mark);
  void clear_mark(u64 frame, u8 mark);

  // Told before bytes of a `code` frame change: frame number, first byte's offset, count.
  using CodeListener = std::function<void(u64 frame, u64 offset, u64 count)>;
  void on_code_write(CodeListener listener) { code_listener_ = std::move(listener); }
  // Told when a frame without marks gets one: from now on nobody may write to it directly.
  using MarkListener = std::function<void(u64 frame)>;
  void on_first_mark(MarkListener listener) { mark_listener_ = std::move(listener); }
  // For table_write events: which guest-physical page a frame holds (unknown() for none).
  using FrameOwner = std::function<Gpa(u64 frame)>;
  void name_frames_by(FrameOwner owner) { owner_ = std::move(owner); }
  Gpa owner_of(u64 frame) const { return owner_ ? owner_(frame) : Gpa::unknown(); }

  // Emits the pages that hold anything but zeros, as memory_part parts of the keyframe `set`.
  void save_keyframe(u64 set) const;
  // Back to a keyframe: clear(), then each of its parts. False, and nothing done, where a part does not fit. Marks and
  // listeners are left alone, and nobody is told: whoever restores drops what was derived from memory.
  void clear();
  bool restore_part(Hpa address, std::span<const std::byte> bytes);

 private:
  enum class Owner : bool { somebody_else, us };

  void emit_table_writes(Hpa address, std::span<const std::byte> from, trace::Writer writer);
  void before_write(Hpa address, std::span<const std::byte> from, trace::Writer writer);
  void emit_pages(u32 part, u64 set, u64 first_frame, u64 count) const;

  trace::Bus& bus_;
  u64 bytes_;
  std::byte* base_;
  Owner region_owner_;
  std::vector<u8> marks_;
  CodeListener code_listener_;
  MarkListener mark_listener_;
  FrameOwner owner_;
};

}  // namespace trapline::memory
