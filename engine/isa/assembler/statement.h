// What a source line becomes: things to place one after another, still without addresses.
#pragma once

#include <variant>

#include "isa/assembler/names.h"
#include "isa/assembler/operand.h"

namespace trapline::isa::assembler {

struct LabelHere {
  Symbol symbol;
};
struct Constant {
  Symbol symbol;
  Expression value;
};
struct InstructionLine {
  std::string_view name;  // as written
  Named named;
  ZydisInstructionAttributes prefixes = 0;
  std::vector<ParsedOperand> operands;
};
struct DataLine {
  unsigned unit = 1;  // bytes of one value
  std::vector<std::variant<std::string_view, Expression>> items;
};
struct AlignTo {
  Expression boundary;
  Expression fill;
};
struct GoTo {  // org
  Expression address;
};

struct Statement {
  unsigned line = 0;
  std::string_view source;  // the whole line, for sentences
  std::optional<Expression> times;
  std::variant<LabelHere, Constant, InstructionLine, DataLine, AlignTo, GoTo> what;
};

struct Program {
  Symbols symbols;
  std::vector<Statement> statements;
};

inline Error at_line(unsigned line, std::string_view source, const std::string& message) {
  return usage_error("line " + std::to_string(line) + ": " + quoted(source) + ": " + message);
}

}  // namespace trapline::isa::assembler
