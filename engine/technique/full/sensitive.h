// Which instructions a deprivileged kernel may not simply execute, and what becomes of them.
//
// Popek and Goldberg's distinction, for 64-bit mode: privileged instructions trap at CPL 3 by themselves; the sensitive
// ones that do not trap would give a wrong answer in silence, and so translated code calls the monitor in their place.
#pragma once

#include "isa/instruction.h"
#include "trace/event.h"

namespace trapline::technique::full {

enum class Treatment : u8 {
  harmless,    // the same at CPL 3
  privileged,  // #GP or #UD at CPL 3
  unnoticed,   // sensitive, and CPL 3 would not trap: to be translated
};

struct Sensitivity {
  Treatment treatment = Treatment::harmless;
  trace::Emulated word = trace::Emulated::other;
};

Sensitivity sensitivity_of(const isa::Instruction& instruction);

}  // namespace trapline::technique::full
