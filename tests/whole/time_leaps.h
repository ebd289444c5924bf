// A machine whose time leaps at chosen moments, as if it had been put to sleep there: what its devices had waited for
// falls due at once, so that an armed timer's interrupt arrives at exactly that instruction.
//
// A moment is a retired count, and the time of a machine with leaps is the real machine's plus those up to its retired
// count. So it is the same under every technique, whichever door its monitor stands on and however often it comes back.
#pragma once

#include <vector>

#include "whole/machine_in_front.h"

namespace trapline::whole {

struct TimeLeaps {
  std::vector<u64> moments;  // retired counts, ascending
  u64 nanoseconds = 0;       // of each

  u64 before(u64 retired) const;       // the leaps up to there, in nanoseconds
  u64 next_moment(u64 retired) const;  // the first one behind it; ~0 where there is none
  metal::RunUntil sooner(metal::RunUntil until, u64 retired) const;
};

// The time of a machine that counts instructions.
class LeapingVcpu : public VcpuInFront {
 public:
  LeapingVcpu(metal::Vcpu& real, const TimeLeaps& leaps) : VcpuInFront(real), leaps_(leaps) {}

  Result<metal::VmExit> run_virtual(const metal::RunUntil& until) override;
  u64 now() const override { return real_.now() + leapt(); }
  void idle_until(u64 nanoseconds) override;

 private:
  u64 leapt() const { return leaps_.before(*real_.retired()); }

  const TimeLeaps& leaps_;
};

class LeapingDoor : public DoorInFront {
 public:
  LeapingDoor(metal::Deprivileged& real, const metal::Vcpu& vcpu, const TimeLeaps& leaps)
      : DoorInFront(real), vcpu_(vcpu), leaps_(leaps) {}

  Result<metal::Trap> run(arch::CpuState& state, const metal::PageRoot& root, const metal::RunUntil& until) override;

 private:
  const metal::Vcpu& vcpu_;
  const TimeLeaps& leaps_;
};

class LeapingMachine : public MachineInFront {
 public:
  LeapingMachine(std::unique_ptr<metal::Machine> real, TimeLeaps leaps);

  metal::Vcpu& vcpu() override { return vcpu_; }
  metal::Deprivileged* deprivileged() override { return door_ ? &*door_ : nullptr; }

 private:
  TimeLeaps leaps_;
  LeapingVcpu vcpu_;
  std::optional<LeapingDoor> door_;
};

}  // namespace trapline::whole
