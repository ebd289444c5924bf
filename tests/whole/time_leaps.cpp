#include "whole/time_leaps.h"

#include <algorithm>
#include <set>

#include "soft/machine.h"
#include "whole/chance.h"

namespace trapline::whole {

TimeLeaps seeded_leaps(u64 seed, u64 retired) {
  constexpr u64 moments_of_a_run = 100;
  Chance chance(seed);
  std::set<u64> moments;
  while (moments.size() < moments_of_a_run) moments.insert(1 + chance.below(retired));
  return {{moments.begin(), moments.end()}, 60'000'000};
}

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

session::MakeMachine leaping_soft(const TimeLeaps& leaps) {
  return [leaps](trace::MetalKind, const metal::MachineOptions& options,
                 trace::Bus& bus) -> Result<std::unique_ptr<metal::Machine>> {
    auto made = soft::make_machine(options, bus);
    if (!made) return made.error();
    return std::unique_ptr<metal::Machine>(std::make_unique<LeapingMachine>(std::move(*made), leaps));
  };
}

}  // namespace trapline::whole
