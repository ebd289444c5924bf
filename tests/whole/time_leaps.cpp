#include "whole/time_leaps.h"

#include <algorithm>

namespace trapline::whole {

u64 TimeLeaps::before(u64 retired) const {
  const auto passed = std::ranges::upper_bound(moments, retired) - moments.begin();
  return static_cast<u64>(passed) * nanoseconds;
}

u64 TimeLeaps::next_moment(u64 retired) const {
  const auto next = std::ranges::upper_bound(moments, retired);
  return next == moments.end() ? ~0ULL : *next;
}

metal::RunUntil TimeLeaps::sooner(metal::RunUntil until, u64 retired) const {
  until.retired = std::min(until.retired, next_moment(retired));
  return until;
}

Result<metal::VmExit> LeapingVcpu::run_virtual(const metal::RunUntil& until) {
  return real_.run_virtual(leaps_.sooner(until, *real_.retired()));
}

void LeapingVcpu::idle_until(u64 nanoseconds) {
  const u64 ahead = leapt();
  if (nanoseconds > ahead) real_.idle_until(nanoseconds - ahead);
}

Result<metal::Trap> LeapingDoor::run(arch::CpuState& state, const metal::PageRoot& root, const metal::RunUntil& until) {
  return real_.run(state, root, leaps_.sooner(until, *vcpu_.retired()));
}

LeapingMachine::LeapingMachine(std::unique_ptr<metal::Machine> real, TimeLeaps leaps)
    : MachineInFront(std::move(real)), leaps_(std::move(leaps)), vcpu_(real_->vcpu(), leaps_) {
  if (metal::Deprivileged* const door = real_->deprivileged()) door_.emplace(*door, real_->vcpu(), leaps_);
}

}  // namespace trapline::whole
