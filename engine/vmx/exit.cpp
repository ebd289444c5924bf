// The order of things in a VM exit.
#include "vmx/exit.h"

#include "vmx/controls.h"
#include "vmx/msr_areas.h"

namespace trapline::vmx {
namespace {

constexpr u64 abort_indicator_offset = 4;  // in the VMCS region

Abort abort_with(VmxUnit& unit, Abort cause, arch::CpuState& state) {
  const Hpa indicator = unit.current().address() + abort_indicator_offset;
  if (unit.memory().contains(indicator, 4))
    unit.memory().write(indicator, 4, static_cast<u32>(cause), trace::Writer::monitor);
  state.activity = arch::Activity::shutdown;
  return cause;
}

bool is_fault(u32 interruption_information) {
  const auto type =
      static_cast<arch::EventType>((interruption_information & interruption::type_mask) >> interruption::type_shift);
  const u32 vector = interruption_information & interruption::vector_mask;
  const bool may_be_trap = vector == arch::vector::db || vector == arch::vector::df || vector == arch::vector::mc;
  return type == arch::EventType::hardware_exception && !may_be_trap;
}

// "Saving RIP, RSP, RFLAGS, and SSP": RF as an exception frame would show it.
bool saves_resume_flag(const ExitInformation& exit) {
  switch (exit.reason) {
    case spec::ExitReason::EXCEPTION_NMI:
      return is_fault(exit.interruption_information);
    case spec::ExitReason::EPT_VIOLATION:
    case spec::ExitReason::EPT_MISCONFIG:
      return !(exit.idt_vectoring_information & interruption::valid);
    default:
      return false;
  }
}

bool is_nmi(const ExitInformation& exit) {
  constexpr u32 nmi_type = static_cast<u32>(arch::EventType::nmi) << interruption::type_shift;
  return exit.reason == spec::ExitReason::EXCEPTION_NMI &&
         (exit.interruption_information & interruption::type_mask) == nmi_type;
}

}  // namespace

void emit_exit(trace::Bus& bus, const ExitInformation& exit, u64 rip) {
  bus.emit(trace::VmExit{exit.reason_field(), exit.qualification, rip, exit.instruction_length,
                         exit.interruption_information, exit.interruption_error_code, exit.idt_vectoring_information,
                         exit.guest_linear.value, exit.guest_physical.value, exit.walk});
}

Abort return_to_host(VmxUnit& unit, arch::CpuState& state) {
  const Vmcs& vmcs = unit.current();
  load_host_state(vmcs, state);
  const u32 count = static_cast<u32>(vmcs.get(VmcsField::vm_exit_msr_load_count));
  const Hpa area(vmcs.get(VmcsField::vm_exit_msr_load_address));
  if (load_msr_area(unit.memory(), area, count, unit.capabilities(), state))
    return abort_with(unit, Abort::loading_host_msrs, state);
  return Abort::none;
}

// "Recording VM-Exit Information and Updating VM-Entry Control Fields"
void record_exit(Vmcs& vmcs, const ExitInformation& exit) {
  vmcs.set(VmcsField::exit_reason, exit.reason_field());
  vmcs.set(VmcsField::exit_qualification, exit.qualification);
  vmcs.set(VmcsField::vm_exit_instruction_length, exit.instruction_length);
  vmcs.set(VmcsField::vm_exit_instruction_information, exit.instruction_information);
  vmcs.set(VmcsField::vm_exit_interruption_information, exit.interruption_information);
  vmcs.set(VmcsField::vm_exit_interruption_error_code, exit.interruption_error_code);
  vmcs.set(VmcsField::idt_vectoring_information, exit.idt_vectoring_information);
  vmcs.set(VmcsField::idt_vectoring_error_code, exit.idt_vectoring_error_code);
  if (exit.guest_linear.known()) vmcs.set(VmcsField::guest_linear_address, exit.guest_linear.value);
  if (exit.guest_physical.known()) vmcs.set(VmcsField::guest_physical_address, exit.guest_physical.value);
  const u64 injection = vmcs.get(VmcsField::vm_entry_interruption_information);
  vmcs.set(VmcsField::vm_entry_interruption_information, injection & ~static_cast<u64>(interruption::valid));
}

Abort leave(VmxUnit& unit, const ExitInformation& exit, arch::CpuState& state, trace::Bus& bus) {
  Vmcs& vmcs = unit.current();
  emit_exit(bus, exit, state.rip);
  record_exit(vmcs, exit);
  if (saves_resume_flag(exit)) state.rflags |= arch::flag::rf;
  save_guest_state(vmcs, state);
  const u32 count = static_cast<u32>(vmcs.get(VmcsField::vm_exit_msr_store_count));
  const Hpa area(vmcs.get(VmcsField::vm_exit_msr_store_address));
  if (store_msr_area(unit.memory(), area, count, state)) return abort_with(unit, Abort::saving_guest_msrs, state);
  const Abort aborted = return_to_host(unit, state);
  if (is_nmi(exit)) state.blocking_by_nmi = true;
  return aborted;
}

}  // namespace trapline::vmx
