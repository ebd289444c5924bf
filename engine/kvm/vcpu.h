// One vCPU of KVM behind the door run_virtual: registers, exits, interrupts by KVM_INTERRUPT.
#pragma once

#include <memory>

#include "kvm/exits.h"
#include "kvm/vcpu_base.h"

namespace trapline::kvm {

class KvmVcpu : public VcpuBase {
 public:
  static Result<std::unique_ptr<KvmVcpu>> make(const Parts& parts);

  arch::CpuState state() override;
  // An access that waits for its completion is completed first, with the data that IoAccess::data holds by then.
  Result<> set_state(const arch::CpuState& state) override;

  Result<metal::VmExit> run_virtual(const metal::RunUntil& until) override;

  bool can_inject() override;
  void inject(u8 vector) override;
  void request_interrupt_window(bool wanted) override;

  u64 spent() const override { return exits_; }

  // CPU0 and the memory's parts. `address` of memory parts is the guest-physical one here.
  void save_keyframe(trace::Bus& bus, u64 set) override;

  // KVM's own answer, to hold walks against (KVM_TRANSLATE: a supervisor read). It may set accessed bits in the guest's
  // tables, so nothing that observes a run asks it.
  std::optional<Gpa> translate_by_kvm(Gva linear);

 private:
  enum class Cached : u8 { nothing, general, special, everything };  // each holds what is before it

  using VcpuBase::VcpuBase;

  // vcpu_run.cpp
  void after_run() override;
  ReadExit exit_of(Ended ended, int error_number);
  metal::VmExit finish(ReadExit read, u64 nanoseconds_inside);
  void emit_user_exit(const ReadExit& read, u64 nanoseconds_inside);
  void observe(metal::VmExit& exit);
  void emit_not_implemented(const ReadExit& read);
  FailedInstruction bytes_at_rip();
  void explain_not_implemented(ReadExit& read);
  bool at_hypercall();
  void complete_pending_access();

  // vcpu_state.cpp
  void fetch(Cached wanted);
  Result<> store(const Registers& registers);

  Cached cached_ = Cached::nothing;
  u64 exits_ = 0;
  bool ready_for_interrupt_ = false;
  bool interrupt_queued_ = false;
  bool halted_ = false;
  bool access_pending_ = false;
};

}  // namespace trapline::kvm
