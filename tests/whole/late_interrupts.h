// A metal with a defect in front of it: interrupts reach the guest a number of instructions after it could take them.
#pragma once

#include "whole/machine_in_front.h"

namespace trapline::whole {

// The guest of a machine that counts instructions. HLT is left by its interrupt at once, as otherwise no time passes.
class LateVcpu : public VcpuInFront {
 public:
  LateVcpu(metal::Vcpu& real, u64 delay) : VcpuInFront(real), delay_(delay) {}

  Result<metal::VmExit> run_virtual(const metal::RunUntil& until) override;
  bool can_inject() override;  // asked only while an interrupt is waiting
  void inject(u8 vector) override;
  void request_interrupt_window(bool wanted) override { window_wanted_ = wanted; }

 private:
  bool late() const { return due_ && *real_.retired() < *due_; }

  u64 delay_;
  std::optional<u64> due_;  // retired count at which the waiting interrupt may pass
  bool window_wanted_ = false;
  bool halted_ = false;
};

class LateMachine : public MachineInFront {
 public:
  LateMachine(std::unique_ptr<metal::Machine> real, u64 delay)
      : MachineInFront(std::move(real)), vcpu_(real_->vcpu(), delay) {}
  metal::Vcpu& vcpu() override { return vcpu_; }

 private:
  LateVcpu vcpu_;
};

}  // namespace trapline::whole
