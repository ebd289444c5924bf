// Branches to an address: the short form where it reaches, else the near one.
#pragma once

#include "isa/assembler/encoder.h"

namespace trapline::isa::assembler {

bool is_branch_to_address(const InstructionLine& line);
Result<Encoding> encode_branch(const InstructionLine& line, const Scope& scope, EncodeState& state);

}  // namespace trapline::isa::assembler
