// A metal with a defect in front of it: interrupts reach the guest a number of instructions after it could take them.
#pragma once

#include <memory>

#include "metal/metal.h"

namespace trapline::whole {

// The guest of a machine that counts instructions. HLT is left by its interrupt at once, as otherwise no time passes.
class LateVcpu : public metal::Vcpu {
 public:
  LateVcpu(metal::Vcpu& real, u64 delay) : real_(real), delay_(delay) {}

  arch::CpuState state() override { return real_.state(); }
  Result<> set_state(const arch::CpuState& state) override { return real_.set_state(state); }
  Result<metal::VmExit> run_virtual(const metal::RunUntil& until) override;

  bool can_inject() override;  // asked only while an interrupt is waiting
  void inject(u8 vector) override;
  void request_interrupt_window(bool wanted) override { window_wanted_ = wanted; }
  void kick() override { real_.kick(); }
  std::optional<u64> retired() const override { return real_.retired(); }
  u64 spent() const override { return real_.spent(); }
  u64 now() const override { return real_.now(); }
  void idle_until(u64 nanoseconds) override { real_.idle_until(nanoseconds); }
  void save_keyframe(trace::Bus& bus, u64 set) override { real_.save_keyframe(bus, set); }

 private:
  bool late() const { return due_ && *real_.retired() < *due_; }

  metal::Vcpu& real_;
  u64 delay_;
  std::optional<u64> due_;  // retired count at which the waiting interrupt may pass
  bool window_wanted_ = false;
  bool halted_ = false;
};

class LateMachine : public metal::Machine {
 public:
  LateMachine(std::unique_ptr<metal::Machine> real, u64 delay) : real_(std::move(real)), vcpu_(real_->vcpu(), delay) {}
  memory::GuestMemory& memory() override { return real_->memory(); }
  metal::Vcpu& vcpu() override { return vcpu_; }
  std::string description() const override { return real_->description(); }

 private:
  std::unique_ptr<metal::Machine> real_;
  LateVcpu vcpu_;
};

}  // namespace trapline::whole
