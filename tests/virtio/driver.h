// A driver's side of one split virtqueue, written by the specification's structures and offsets and sharing nothing
// with engine/virtio: it knows free descriptors, publishes chains, and collects what comes back.
#pragma once

#include <deque>
#include <doctest/doctest.h>
#include <map>
#include <string>
#include <vector>

#include "trace/memory_trace.h"
#include "virtio/blk.h"

namespace trapline::test {

struct Buffer {
  u64 address = 0;
  u32 length = 0;
  bool writable = false;
};

struct Used {
  u32 id;
  u32 length;
};

class Driver {
 public:
  // The areas lie one behind the other from `base`, each on its own page.
  Driver(memory::GuestMemory& memory, u32 size, u64 base = 0x1000) : memory_(memory), size_(size), table(base) {
    avail = (table + 16 * u64{size} + 4095) & ~u64{4095};
    used = (avail + 6 + 2 * u64{size} + 4095) & ~u64{4095};
    for (u32 i = 0; i < size; ++i) free_.push_back(static_cast<u16>(i));
  }

  virtio::QueueParts parts() const { return {size_, Gpa(table), Gpa(avail), Gpa(used)}; }

  void poke(u64 address, unsigned bytes, u64 value) {
    for (unsigned i = 0; i < bytes; ++i)
      if (!memory_.store<u8>(Gpa(address + i), static_cast<u8>(value >> (8 * i)), trace::Writer::guest))
        FAIL("the test's driver writes outside memory");
  }
  u64 peek(u64 address, unsigned bytes) const {
    u64 value = 0;
    for (unsigned i = 0; i < bytes; ++i) value |= u64{*memory_.load<u8>(Gpa(address + i))} << (8 * i);
    return value;
  }

  void describe(u16 index, u64 address, u32 length, u16 flags, u16 next) {
    poke(table + 16 * u64{index}, 8, address);
    poke(table + 16 * u64{index} + 8, 4, length);
    poke(table + 16 * u64{index} + 12, 2, flags);
    poke(table + 16 * u64{index} + 14, 2, next);
  }

  // Takes free descriptors for a chain, from the back of the free list if so wished, so that heads come in any order.
  u16 add(const std::vector<Buffer>& buffers, bool from_back = false) {
    REQUIRE(free_.size() >= buffers.size());
    std::vector<u16> taken;
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      taken.push_back(from_back ? free_.back() : free_.front());
      from_back ? free_.pop_back() : free_.pop_front();
    }
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      const bool last = i + 1 == buffers.size();
      describe(taken[i], buffers[i].address, buffers[i].length,
               static_cast<u16>((last ? 0 : 1) | (buffers[i].writable ? 2 : 0)), last ? 0 : taken[i + 1]);
    }
    chains_[taken[0]] = taken;
    return taken[0];
  }

  void publish(u16 head) {
    poke(avail + 4 + 2 * (avail_index_ % size_), 2, head);
    poke(avail + 2, 2, ++avail_index_);
  }

  // What the device gave back since the last call; frees the chains.
  std::vector<Used> collect() {
    std::vector<Used> found;
    for (; used_index_ != static_cast<u16>(peek(used + 2, 2)); ++used_index_) {
      const u64 at = used + 4 + 8 * (used_index_ % size_);
      found.push_back({static_cast<u32>(peek(at, 4)), static_cast<u32>(peek(at + 4, 4))});
      const auto chain = chains_.find(static_cast<u16>(found.back().id));
      REQUIRE(chain != chains_.end());
      for (const u16 index : chain->second) free_.push_back(index);
      chains_.erase(chain);
    }
    return found;
  }

  u16 avail_index() const { return avail_index_; }
  u32 size() const { return size_; }

 private:
  memory::GuestMemory& memory_;
  u32 size_;
  std::deque<u16> free_;
  std::map<u16, std::vector<u16>> chains_;
  u16 avail_index_ = 0;
  u16 used_index_ = 0;

 public:
  u64 table, avail = 0, used = 0;
};

// Memory, a trace, and a block device over the built-in disk.
struct Lab {
  explicit Lab(u64 pages = 64, devices::DiskImage image = devices::DiskImage::built_in())
      : host(2 * pages * page_bytes, bus),
        memory(host, memory::scattered_frames(pages, 0, 2 * pages, 3)),
        blk(std::move(image), memory, bus) {}

  // The events since the last call, one line each: kind and fields, all in decimal.
  std::vector<std::string> events() {
    bus.flush();
    std::vector<std::string> lines;
    trace::Cursor cursor = trace.events(trace.schema().all_kinds(), seen, ~0ULL);
    while (const trace::RecordedEvent* event = cursor.next()) {
      std::string line(event->kind_name());
      for (std::size_t i = 0; i < event->field_count(); ++i) line += " " + std::to_string(event->field(i));
      lines.push_back(line);
      ++seen;
    }
    return lines;
  }

  std::vector<u8> all_memory() const {
    std::vector<u8> bytes(memory.bytes());
    REQUIRE(memory.read(Gpa(0), std::as_writable_bytes(std::span(bytes))));
    return bytes;
  }

  trace::MemoryTrace trace;
  trace::Bus bus{trace::Level::exits, trace};
  memory::HostMemory host;
  memory::GuestMemory memory;
  virtio::Blk blk;
  u64 seen = 0;
};

template <typename... Fields>
std::string line(const std::string& kind, Fields... fields) {
  std::string text = kind;
  ((text += " " + std::to_string(static_cast<u64>(fields))), ...);
  return text;
}

inline std::string broken_line(spec::VirtioRule rule, u64 value) { return line("virtio_rule_broken", 0, rule, value); }

// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators").
class Random {
 public:
  explicit Random(u64 seed) : state_(seed) {}
  u64 next() {
    u64 mixed = state_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }
  u64 below(u64 end) { return next() % end; }
  bool one_in(u64 count) { return below(count) == 0; }

 private:
  u64 state_;
};

}  // namespace trapline::test
