// Frames that belong to the monitor of a deprivileged guest: page tables and translated code. No guest page maps them
// unless the monitor says so.
//
// They have addresses in the physical memory that the page tables of run_deprivileged point into: on soft these are
// host-physical addresses of the one machine; on kvm, guest-physical addresses of a slot of their own, since KVM
// translates once more. Nobody else needs to know which.
#pragma once

#include <optional>
#include <vector>

#include "memory/host_memory.h"

namespace trapline::memory {

class MonitorFrames {
 public:
  // `count` frames at `first`, whose bytes lie in `memory` from `place` on.
  MonitorFrames(HostMemory& memory, Hpa place, Hpa first, u64 count);

  // A frame of zeros, the lowest one that is free, so that runs repeat. Nothing where all are taken.
  std::optional<Hpa> take();
  // Neighbours, for what must lie in one piece.
  std::optional<Hpa> take_run(u64 frames);
  void give_back(Hpa frame);
  u64 free() const { return free_; }
  u64 count() const { return taken_.size(); }
  bool contains(Hpa address) const { return address.value - first_.value < count() * page_bytes; }

  u64 read(Hpa address, unsigned size = 8) const { return memory_.read(place_of(address), size); }
  // Through HostMemory's door, so that whoever holds decoded code or watches tables hears of it.
  void write(Hpa address, u64 value, unsigned size = 8) {
    memory_.write(place_of(address), size, value, trace::Writer::monitor);
  }
  void read_bytes(Hpa address, std::span<std::byte> into) const { memory_.read_bytes(place_of(address), into); }
  void write_bytes(Hpa address, std::span<const std::byte> from) {
    memory_.write_bytes(place_of(address), from, trace::Writer::monitor);
  }
  // `mark`: of memory::mark, for frames that become tables.
  void add_mark(Hpa frame, u8 mark) { memory_.add_mark(place_of(frame).page_number(), mark); }

 private:
  Hpa place_of(Hpa address) const { return Hpa(address.value - first_.value + place_.value); }

  HostMemory& memory_;
  Hpa place_, first_;
  std::vector<bool> taken_;
  u64 free_;
  u64 lowest_ = 0;  // nothing below is free
};

}  // namespace trapline::memory
