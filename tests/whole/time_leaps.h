// A machine whose time leaps at chosen moments, as if it had been put to sleep there: what its devices had waited for
// falls due at once, so that an armed timer's interrupt arrives at exactly that instruction.
//
// A moment is a retired count. The machine stops there and sleeps before anybody can ask for its time again, so the
// time at each instruction is the same under every technique, whichever door its monitor stands on and however often it
// comes back.
#pragma once

#include <vector>

#include "session/session.h"
#include "whole/machine_in_front.h"

namespace trapline::whole {

struct TimeLeaps {
  std::vector<u64> moments;  // retired counts, ascending
  u64 nanoseconds = 0;       // of each
};

// A hundred moments of a run of that many instructions. Each leap is longer than the timer's longest wait.
TimeLeaps seeded_leaps(u64 seed, u64 retired);

// What both doors share: which leaps are still to come.
class Sleeper {
 public:
  Sleeper(metal::Vcpu& real, TimeLeaps leaps) : real_(real), leaps_(std::move(leaps)) {}

  // To be called wherever the guest may have retired instructions since.
  void catch_up();
  metal::RunUntil sooner(metal::RunUntil until) const;

 private:
  metal::Vcpu& real_;
  TimeLeaps leaps_;
  std::size_t taken_ = 0;
};

// The time of a machine that counts instructions.
class LeapingVcpu : public VcpuInFront {
 public:
  LeapingVcpu(metal::Vcpu& real, Sleeper& sleeper) : VcpuInFront(real), sleeper_(sleeper) {}

  Result<metal::VmExit> run_virtual(const metal::RunUntil& until) override;
  u64 now() const override;

 private:
  Sleeper& sleeper_;
};

class LeapingDoor : public DoorInFront {
 public:
  LeapingDoor(metal::Deprivileged& real, Sleeper& sleeper) : DoorInFront(real), sleeper_(sleeper) {}

  Result<metal::Trap> run(arch::CpuState& state, const metal::PageRoot& root, const metal::RunUntil& until) override;

 private:
  Sleeper& sleeper_;
};

class LeapingMachine : public MachineInFront {
 public:
  LeapingMachine(std::unique_ptr<metal::Machine> real, TimeLeaps leaps);

  metal::Vcpu& vcpu() override { return vcpu_; }
  metal::Deprivileged* deprivileged() override { return door_ ? &*door_ : nullptr; }

 private:
  Sleeper sleeper_;
  LeapingVcpu vcpu_;
  std::optional<LeapingDoor> door_;
};

// Of the soft metal, for sessions.
session::MakeMachine leaping_soft(const TimeLeaps& leaps);

}  // namespace trapline::whole
