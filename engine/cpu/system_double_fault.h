// What becomes of an exception that happens while an event is being delivered: SDM vol. 3, "Interrupt 8 - Double Fault
// Exception (#DF)", tables "Interrupt and Exception Classes" and "Conditions for Generating a Double Fault".
#pragma once

#include "arch/fault.h"

namespace trapline::cpu {

enum class ExceptionClass : u8 { benign, contributory, page_fault, double_fault };
enum class NestedOutcome : u8 { serial, double_fault, shutdown };

// Interrupts and INT n are benign whatever their vector.
ExceptionClass exception_class(u8 vector, arch::EventType type);

// `first` is what was being delivered, `second` the exception that its delivery met.
NestedOutcome nested_exception(ExceptionClass first, ExceptionClass second);

}  // namespace trapline::cpu
