// The vCPU of the soft metal: the door run_virtual over the kernel half.
#pragma once

#include <atomic>

#include "soft/kernel_half.h"

namespace trapline::soft {

class SoftVcpu : public metal::Vcpu {
 public:
  SoftVcpu(Processor& processor, KernelHalf& kernel_half, trace::Bus& bus, const metal::HardwareOptions& options)
      : processor_(processor), kernel_half_(kernel_half), bus_(bus), options_(options) {}

  arch::CpuState state() override { return kernel_half_.guest_state(); }
  Result<> set_state(const arch::CpuState& state) override;

  Result<metal::VmExit> run_virtual(const metal::RunUntil& until) override;

  bool can_inject() override { return kernel_half_.can_inject(); }
  void inject(u8 vector) override;
  void request_interrupt_window(bool wanted) override { kernel_half_.request_interrupt_window(wanted); }
  void kick() override { kicked_.store(true, std::memory_order_relaxed); }

  std::optional<u64> retired() const override { return processor_.retired(); }
  u64 spent() const override { return processor_.spent(); }
  u64 now() const override { return processor_.now(); }
  void idle_until(u64 nanoseconds) override { processor_.idle_until(nanoseconds); }
  void save_keyframe(trace::Bus& bus, u64 set) override;

 private:
  std::optional<metal::VmExit> enter_and_run(const metal::RunUntil& until);
  metal::VmExit entry_failed(const vmx::EntryResult& result);
  metal::VmExit not_implemented();
  metal::VmExit plain(trace::UserExitReason reason);
  metal::VmExit told(metal::VmExit exit);

  Processor& processor_;
  KernelHalf& kernel_half_;
  trace::Bus& bus_;
  metal::HardwareOptions options_;
  std::atomic<bool> kicked_ = false;
};

}  // namespace trapline::soft
