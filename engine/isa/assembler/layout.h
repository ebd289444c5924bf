// Statements to addresses and bytes: passes over the whole program until no label moves.
#pragma once

#include "isa/assembler.h"
#include "isa/assembler/statement.h"

namespace trapline::isa::assembler {

Result<Assembly> lay_out(const Program& program, u64 origin);

}  // namespace trapline::isa::assembler
