// A chain of descriptors that the queue has found sound: parts that the device may read, then parts that it may write.
//
// How a driver splits a request over descriptors means nothing ("Message Framing"), so a device sees two runs of bytes
// and copies by offsets into them. The parts were read from the descriptor table once; that the driver may change the
// table meanwhile does no harm.
#pragma once

#include <span>
#include <vector>

#include "memory/guest_memory.h"

namespace trapline::virtio {

class Chain {
 public:
  Chain(memory::GuestMemory& memory, u16 head) : memory_(memory), head_(head) {}

  u16 head() const { return head_; }
  u32 descriptors() const { return readable_.descriptors + writable_.descriptors; }
  bool has_writable_descriptor() const { return writable_.descriptors > 0; }
  u64 readable() const { return readable_.bytes; }
  u64 writable() const { return writable_.bytes; }

  // The bytes from `offset` of a run; the caller has held the range against readable() or writable().
  void read(u64 offset, std::span<std::byte> into) const;
  void write(u64 offset, std::span<const std::byte> from) const;

  // For the queue: the next part, which lies in memory.
  void add_readable(Gpa address, u32 bytes) { add(readable_, address, bytes); }
  void add_writable(Gpa address, u32 bytes) { add(writable_, address, bytes); }

 private:
  struct Part {
    u64 offset;  // in its run
    Gpa address;
    u32 bytes;
  };
  struct Run {
    std::vector<Part> parts;
    u64 bytes = 0;
    u32 descriptors = 0;
  };

  void add(Run& run, Gpa address, u32 bytes);
  // Calls visit(address, position in the range, bytes) for each piece of a range.
  template <typename Visit>
  static void each_piece(const Run& run, u64 offset, u64 bytes, Visit visit);

  memory::GuestMemory& memory_;
  u16 head_;
  Run readable_;
  Run writable_;
};

}  // namespace trapline::virtio
