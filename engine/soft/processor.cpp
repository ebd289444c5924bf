// VM entry loads the guest into the processor, run_guest() executes it, leave() brings the host back.
#include "soft/processor.h"

#include "cpu/system_double_fault.h"
#include "soft/wiring.h"
#include "vmx/controls.h"
#include "vmx/exit.h"
#include "vmx/guest_view.h"

namespace trapline::soft {

Processor::Processor(memory::HostMemory& memory, trace::Bus& bus, const metal::HardwareOptions& options,
                     const Defects& defects, const cpu::Tuning& sizes)
    : Core(memory, bus, options, defects, cpu_tuning(Costs(), defects, sizes)),
      capabilities_(vmx::modelled_capabilities()),
      vmx_(capabilities_, memory) {}

void Processor::load_unswitched(const arch::CpuState& state) {
  arch::CpuState now = cpu_.state();
  const u64 rsp = now.gpr[arch::rsp];
  now.gpr = state.gpr;
  now.gpr[arch::rsp] = rsp;
  now.cr2 = state.cr2;
  now.cr8 = state.cr8;
  for (unsigned number = 0; number < 7; ++number) now.dr[number] = state.dr[number];
  now.star = state.star;
  now.lstar = state.lstar;
  now.cstar = state.cstar;
  now.sfmask = state.sfmask;
  now.kernel_gs_base = state.kernel_gs_base;
  now.tsc_aux = state.tsc_aux;
  cpu_.set_state(now);
}

void Processor::set_cr2(u64 value) { cpu_.system.cr2 = value; }

mmu::VpidControl Processor::vpid_control() const {
  return vmx::vpid_of(vmx_.current()) ? mmu::VpidControl::enabled : mmu::VpidControl::disabled;
}

vmx::EntryResult Processor::enter(vmx::EntryKind kind) {
  charge(spec::Cost::vm_entry);
  arch::CpuState state = cpu_.state();
  vmx::EntryResult result = vmx::enter(vmx_, kind, state, bus_);
  bus_.stamp().cause = 0;
  if (result.way != vmx::EntryResult::Way::entered) {
    if (result.way == vmx::EntryResult::Way::entry_failure) cpu_.set_state(state);
    return result;
  }
  if (result.injected) state.activity = arch::Activity::active;
  cpu_.set_state(state);
  mmu_.state().load_registers(state);
  const vmx::Vmcs& vmcs = vmx_.current();
  mmu_.state().vpid = vmx::vpid_of(vmcs);
  mmu_.state().ept_pointer.reset();
  if (vmx::uses_ept(vmcs)) mmu_.state().ept_pointer = vmcs.get(vmx::VmcsField::ept_pointer);
  mmu_.vm_entry(vpid_control());
  settle();
  cpu_.stop_when_interruptible(vmcs.primary(vmx::primary::interrupt_window_exiting));
  return result;
}

void Processor::note_exit(const vmx::ExitInformation& exit) {
  noted_exit_ = exit;
  if (const arch::Delivery* event = cpu_.delivery_in_progress()) vmx::broke_off_delivery(*noted_exit_, *event);
}

void Processor::leave(const vmx::ExitInformation& exit) {
  ++exits_;
  arch::CpuState state = cpu_.state();
  refresh_stamp();
  bus_.stamp().cause = bus_.new_cause();
  vmx::leave(vmx_, exit, state, bus_);
  cpu_.set_state(state);
  mmu_.state().load_registers(state);
  mmu_.state().vpid = 0;
  mmu_.state().ept_pointer.reset();
  mmu_.vm_exit(vpid_control());
  settle();
  charge(spec::Cost::vm_exit);
}

std::optional<arch::Delivery> Processor::after(const std::optional<arch::Delivery>& first,
                                               const arch::Fault& fault) const {
  const arch::Delivery second{fault.vector, arch::EventType::hardware_exception, fault.has_error_code, fault.error_code,
                              0};
  if (!first) return second;
  const auto outcome = cpu::nested_exception(cpu::exception_class(first->vector, first->type),
                                             cpu::exception_class(second.vector, second.type));
  if (outcome == cpu::NestedOutcome::serial) return second;
  return arch::Delivery{arch::vector::df, arch::EventType::hardware_exception, true, 0, 0};
}

void Processor::invvpid_address(u16 vpid, Gva address) {
  if (vpid == 0) return;  // without VPID the VM exit has flushed everything
  mmu_.invvpid(mmu::InvvpidType::address, vpid, address);
  settle();
  charge(spec::Cost::invalidate_page);
}

void Processor::invvpid_all(u16 vpid) {
  if (vpid == 0) return;
  mmu_.invvpid(mmu::InvvpidType::one_vpid, vpid, Gva(0));
  settle();
  charge(spec::Cost::invalidate_context);
}

void Processor::flush_everything() {
  mmu_.flush_everything(trace::FlushCause::strange);
  settle();
}

}  // namespace trapline::soft
