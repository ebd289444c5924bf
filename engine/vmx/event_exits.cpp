// Events that cause VM exits: exceptions, interrupts, NMIs, windows. SDM vol. 3, "Other Causes of VM Exits".
#include "vmx/controls.h"
#include "vmx/interception.h"

namespace trapline::vmx {
namespace {

using spec::ExitReason;

// The exception bitmap; for #PF its bit has the say where the error code matches, and the opposite where it does not.
bool bitmap_reserves(const Vmcs& vmcs, const arch::Fault& fault) {
  const bool reserved = has_bit(vmcs.get(VmcsField::exception_bitmap), fault.vector & 31);
  if (fault.vector != arch::vector::pf) return reserved;
  const u64 masked = fault.error_code & vmcs.get(VmcsField::page_fault_error_code_mask);
  const bool matches = masked == vmcs.get(VmcsField::page_fault_error_code_match);
  return reserved == matches;
}

}  // namespace

std::optional<ExitInformation> exception_exit(const Vmcs& vmcs, const arch::Fault& fault, arch::EventType type,
                                              u8 length, u64 debug_status) {
  const bool is_exception = type == arch::EventType::hardware_exception ||
                            type == arch::EventType::software_exception ||
                            type == arch::EventType::privileged_software_exception;
  if (!is_exception || !bitmap_reserves(vmcs, fault)) return std::nullopt;
  ExitInformation exit{ExitReason::EXCEPTION_NMI};
  exit.interruption_information = interruption_information(fault.vector, type, fault.has_error_code);
  if (fault.has_error_code) exit.interruption_error_code = fault.error_code;
  if (fault.vector == arch::vector::pf) exit.qualification = fault.cr2;
  if (fault.vector == arch::vector::db) exit.qualification = debug_status;
  if (type != arch::EventType::hardware_exception) exit.instruction_length = length;
  return exit;
}

std::optional<ExitInformation> external_interrupt_exit(const Vmcs& vmcs, const std::function<u8()>& acknowledge) {
  if (!vmcs.has_all(VmcsField::pin_based_controls, pin::external_interrupt_exiting)) return std::nullopt;
  ExitInformation exit{ExitReason::EXTERNAL_INTERRUPT};
  if (vmcs.has_all(VmcsField::vm_exit_controls, exit_control::acknowledge_interrupt_on_exit))
    exit.interruption_information = interruption_information(acknowledge(), arch::EventType::external_interrupt, false);
  return exit;
}

std::optional<ExitInformation> nmi_exit(const Vmcs& vmcs) {
  if (!vmcs.has_all(VmcsField::pin_based_controls, pin::nmi_exiting)) return std::nullopt;
  ExitInformation exit{ExitReason::EXCEPTION_NMI};
  exit.interruption_information = interruption_information(arch::vector::nmi, arch::EventType::nmi, false);
  return exit;
}

std::optional<ExitInformation> interrupt_window_exit(const Vmcs& vmcs, const arch::CpuState& state) {
  const bool open = (state.rflags & arch::flag::if_) && !state.blocking_by_sti && !state.blocking_by_mov_ss;
  if (!open || !vmcs.primary(primary::interrupt_window_exiting)) return std::nullopt;
  return ExitInformation{ExitReason::INTERRUPT_WINDOW};
}

}  // namespace trapline::vmx
