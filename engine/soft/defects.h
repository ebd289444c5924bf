// Defects that tests plant into the modelled processor, to see that a guest's digest notices them. No run has any: they
// are reachable only through the overload of make_machine that tests call.
#pragma once

#include "isa/instruction.h"

namespace trapline::soft {

struct Defects {
  bool invlpg_does_nothing = false;                       // a stale TLB entry
  bool loses_dirty_flags = false;                         // walks for a write leave the dirty flag as it is
  isa::Mnemonic (*executes_as)(isa::Mnemonic) = nullptr;  // one instruction runs as another: a wrong flag
};

}  // namespace trapline::soft
