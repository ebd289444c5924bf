#include "memory/monitor_frames.h"

#include <array>
#include <cassert>

namespace trapline::memory {

MonitorFrames::MonitorFrames(HostMemory& memory, Hpa place, Hpa first, u64 count)
    : memory_(memory), place_(place), first_(first), taken_(count), free_(count) {
  assert(count == 0 || memory.contains(place, count * page_bytes));
}

std::optional<Hpa> MonitorFrames::take() {
  while (lowest_ < taken_.size() && taken_[lowest_]) ++lowest_;
  return take_run(1);
}

std::optional<Hpa> MonitorFrames::take_run(u64 frames) {
  u64 run = 0;
  for (u64 frame = lowest_; frame < taken_.size(); ++frame) {
    run = taken_[frame] ? 0 : run + 1;
    if (run < frames) continue;
    const u64 begin = frame + 1 - frames;
    for (u64 each = begin; each <= frame; ++each) taken_[each] = true;
    free_ -= frames;
    static constexpr std::array<std::byte, page_bytes> zeros{};
    for (u64 each = begin; each <= frame; ++each) write_bytes(Hpa(first_.value + each * page_bytes), zeros);
    return Hpa(first_.value + begin * page_bytes);
  }
  return std::nullopt;
}

void MonitorFrames::give_back(Hpa frame) {
  assert(contains(frame));
  const u64 number = (frame.value - first_.value) / page_bytes;
  assert(taken_[number]);
  taken_[number] = false;
  ++free_;
  if (number < lowest_) lowest_ = number;
}

}  // namespace trapline::memory
