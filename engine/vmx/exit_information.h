// What a VM exit tells the monitor: SDM vol. 3, "VM-Exit Information Fields", as one value on its way into the VMCS.
#pragma once

#include "arch/fault.h"
#include "base/address.h"
#include "base/bits.h"
#include "spec/exit_reasons.h"

namespace trapline::vmx {

struct ExitInformation {
  spec::ExitReason reason{};
  bool entry_failure = false;  // bit 31 of the exit reason
  u64 qualification = 0;
  u32 instruction_length = 0;
  u32 instruction_information = 0;
  u32 interruption_information = 0;  // for vectored events: bit 31 set
  u32 interruption_error_code = 0;
  u32 idt_vectoring_information = 0;  // for an exit that broke off the delivery of an event: bit 31 set
  u32 idt_vectoring_error_code = 0;
  Gva guest_linear = Gva::unknown();  // unknown: this exit does not write the field
  Gpa guest_physical = Gpa::unknown();
  u64 walk = 0;  // correlator of the walk that caused the exit, for the trace alone

  u32 reason_field() const { return static_cast<u32>(reason) | (entry_failure ? spec::entry_failure_bit : 0); }
  friend bool operator==(const ExitInformation&, const ExitInformation&) = default;
};

// Interruption information of an event (bits 7:0 vector, 10:8 type, 11 error code valid, 31 valid).
u32 interruption_information(const arch::Delivery& event);
u32 interruption_information(u8 vector, arch::EventType type, bool has_error_code);

// Marks an exit as having broken off the delivery of `event` (SDM vol. 3, "Information for VM Exits During Event
// Delivery"). A VM exit by a fault of the delivery keeps its own interruption information beside it.
void broke_off_delivery(ExitInformation& exit, const arch::Delivery& event);

// The walker makes the qualification; its bit 7 says whether the guest-linear address is written.
ExitInformation ept_violation(u64 qualification, Gva linear, Gpa physical);
ExitInformation ept_misconfiguration(Gpa physical);
ExitInformation triple_fault();

}  // namespace trapline::vmx
