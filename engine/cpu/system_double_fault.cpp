// The two tables of "Interrupt 8 - Double Fault Exception (#DF)".
#include "cpu/system_double_fault.h"

namespace trapline::cpu {

ExceptionClass exception_class(u8 vector, arch::EventType type) {
  using namespace arch;
  if (type != EventType::hardware_exception) return ExceptionClass::benign;
  switch (vector) {
    case vector::de:
    case vector::ts:
    case vector::np:
    case vector::ss:
    case vector::gp:
    case vector::cp:
      return ExceptionClass::contributory;
    case vector::pf:
    case vector::ve:
      return ExceptionClass::page_fault;
    case vector::df:
      return ExceptionClass::double_fault;
    default:
      return ExceptionClass::benign;
  }
}

NestedOutcome nested_exception(ExceptionClass first, ExceptionClass second) {
  const bool serious = second == ExceptionClass::contributory || second == ExceptionClass::page_fault;
  switch (first) {
    case ExceptionClass::benign:
      return NestedOutcome::serial;
    case ExceptionClass::contributory:
      return second == ExceptionClass::contributory ? NestedOutcome::double_fault : NestedOutcome::serial;
    case ExceptionClass::page_fault:
      return serious ? NestedOutcome::double_fault : NestedOutcome::serial;
    case ExceptionClass::double_fault:
      return serious ? NestedOutcome::shutdown : NestedOutcome::serial;
  }
  return NestedOutcome::shutdown;
}

}  // namespace trapline::cpu
