// Source to statements, line by line.
//
//   line:      {label:} [times expression] [directive | {prefix} mnemonic [operand {, operand}]]
//   directive: db dw dd dq item {, item} | align expression [, fill] | org expression | name equ expression
//
// A label that begins with a dot belongs to the last one that does not. Before db, dw, dd and dq the colon may be left
// out.
#pragma once

#include "isa/assembler/statement.h"

namespace trapline::isa::assembler {

// The statements keep views of `text`.
Result<Program> parse(std::string_view text);

}  // namespace trapline::isa::assembler
