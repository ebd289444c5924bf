#include "whole/time_leaps.h"

#include <algorithm>

namespace trapline::whole {

void Sleeper::catch_up() {
  while (taken_ < leaps_.moments.size() && leaps_.moments[taken_] <= *real_.retired()) {
    real_.idle_until(real_.now() + leaps_.nanoseconds);
    ++taken_;
  }
}

metal::RunUntil Sleeper::sooner(metal::RunUntil until) const {
  if (taken_ < leaps_.moments.size()) until.retired = std::min(until.retired, leaps_.moments[taken_]);
  return until;
}

Result<metal::VmExit> LeapingVcpu::run_virtual(const metal::RunUntil& until) {
  sleeper_.catch_up();
  return real_.run_virtual(sleeper_.sooner(until));
}

u64 LeapingVcpu::now() const {
  sleeper_.catch_up();
  return real_.now();
}

Result<metal::Trap> LeapingDoor::run(arch::CpuState& state, const metal::PageRoot& root, const metal::RunUntil& until) {
  sleeper_.catch_up();
  return real_.run(state, root, sleeper_.sooner(until));
}

LeapingMachine::LeapingMachine(std::unique_ptr<metal::Machine> real, TimeLeaps leaps)
    : MachineInFront(std::move(real)), sleeper_(real_->vcpu(), std::move(leaps)), vcpu_(real_->vcpu(), sleeper_) {
  if (metal::Deprivileged* const door = real_->deprivileged()) door_.emplace(*door, sleeper_);
}

}  // namespace trapline::whole
