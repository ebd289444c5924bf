// The registers in and out. With SYNC_REGS, KVM leaves the registers in kvm_run at every exit and
// no system call is needed to read them; MSRs and debug registers are asked for only when somebody wants them.
#include <cerrno>

#include "arch/state_bytes.h"
#include "kvm/vcpu.h"

namespace trapline::kvm {
Result<std::unique_ptr<KvmVcpu>> KvmVcpu::make(const Parts& parts) {
  std::unique_ptr<KvmVcpu> vcpu(new KvmVcpu(parts));
  if (auto ready = vcpu->set_up(parts); !ready) return ready.error();
  return vcpu;
}

void KvmVcpu::fetch(Cached wanted) {
  if (cached_ >= wanted) return;
  if (cached_ < Cached::general) vcpu_.control(KVM_GET_REGS, &registers_.general);
  if (cached_ < Cached::special && wanted >= Cached::special) vcpu_.control(KVM_GET_SREGS, &registers_.special);
  if (wanted == Cached::everything) {
    if (can_.events) vcpu_.control(KVM_GET_VCPU_EVENTS, &registers_.events);
    if (can_.debug_registers) vcpu_.control(KVM_GET_DEBUGREGS, &registers_.debug);
    registers_.msrs = msrs_to_read();
    vcpu_.control(request::get_msrs, &registers_.msrs);
  }
  cached_ = wanted;
}

arch::CpuState KvmVcpu::state() {
  fetch(Cached::everything);
  arch::CpuState state = to_state(registers_);
  if (halted_) state.activity = arch::Activity::halted;
  return state;
}

Result<> KvmVcpu::store(const Registers& registers) {
  const auto set = [&](unsigned long request, const void* value) {
    return vcpu_.control(request, const_cast<void*>(value));
  };
  if (set(KVM_SET_SREGS, &registers.special) < 0)
    return refused("KVM_SET_SREGS (control, segment and table registers that do not fit together)", errno);
  if (set(KVM_SET_REGS, &registers.general) < 0) return refused("KVM_SET_REGS", errno);
  if (can_.debug_registers && set(KVM_SET_DEBUGREGS, &registers.debug) < 0) return refused("KVM_SET_DEBUGREGS", errno);
  if (can_.events && set(KVM_SET_VCPU_EVENTS, &registers.events) < 0) return refused("KVM_SET_VCPU_EVENTS", errno);
  const int written = set(request::set_msrs, &registers.msrs);
  if (written < 0) return refused("KVM_SET_MSRS", errno);
  for (std::size_t row = static_cast<std::size_t>(written); row < msr_count; ++row)
    if (registers.msrs.entries[row].data != 0)
      return unavailable("KVM refused the value " + hex_number(registers.msrs.entries[row].data) + " for MSR " +
                         hex_number(registers.msrs.entries[row].index) + ".");
  return {};
}

Result<> KvmVcpu::set_state(const arch::CpuState& state) {
  if (state.activity != arch::Activity::active && state.activity != arch::Activity::halted)
    return usage_error("The kvm metal cannot start a processor in shutdown or waiting for SIPI.");
  complete_pending_access();
  cached_ = Cached::nothing;
  fetch(Cached::everything);
  from_state(state, registers_);
  cached_ = Cached::nothing;
  if (auto stored = store(registers_); !stored) return stored;
  run_->cr8 = state.cr8;  // without an interrupt controller in the kernel, KVM_RUN takes CR8 from here
  halted_ = state.activity == arch::Activity::halted;
  ready_for_interrupt_ = false;  // not known until KVM has run; a window tells
  return {};
}

void KvmVcpu::save_keyframe(trace::Bus& bus, u64 set) {
  trace::Keyframe part;
  part.set = set;
  part.tag = arch::cpu_state_tag;
  bus.emit_with_blob(part, arch::to_bytes(state()));
  memory_.host().save_keyframe(set);
}

}  // namespace trapline::kvm
