// Building exit information from events and faults.
#include "vmx/exit_information.h"

#include "vmx/controls.h"

namespace trapline::vmx {

u32 interruption_information(u8 vector, arch::EventType type, bool has_error_code) {
  return interruption::valid | (has_error_code ? interruption::error_code_valid : 0) |
         static_cast<u32>(type) << interruption::type_shift | vector;
}

u32 interruption_information(const arch::Delivery& event) {
  return interruption_information(event.vector, event.type, event.has_error_code);
}

void broke_off_delivery(ExitInformation& exit, const arch::Delivery& event) {
  // A double fault or a triple fault that exits by itself has already replaced the event.
  const bool by_double_fault = exit.reason == spec::ExitReason::EXCEPTION_NMI &&
                               (exit.interruption_information & interruption::vector_mask) == arch::vector::df;
  if (exit.reason == spec::ExitReason::TRIPLE_FAULT || by_double_fault) return;
  exit.idt_vectoring_information = interruption_information(event);
  exit.idt_vectoring_error_code = event.has_error_code ? event.error_code : 0;
  exit.instruction_length = event.instruction_length;
}

ExitInformation ept_violation(u64 qualification, Gva linear, Gpa physical) {
  constexpr unsigned linear_valid = 7;
  ExitInformation exit{spec::ExitReason::EPT_VIOLATION};
  exit.qualification = qualification;
  exit.guest_physical = physical;
  if (has_bit(qualification, linear_valid)) exit.guest_linear = linear;
  return exit;
}

ExitInformation ept_misconfiguration(Gpa physical) {
  ExitInformation exit{spec::ExitReason::EPT_MISCONFIG};
  exit.guest_physical = physical;
  return exit;
}

ExitInformation triple_fault() { return {spec::ExitReason::TRIPLE_FAULT}; }

}  // namespace trapline::vmx
