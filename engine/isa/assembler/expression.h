// Numbers that may speak of labels: kept as postfix until the labels' addresses are known.
//
//   expression: term, or two joined by | ^ & << >> + - * (binding in this order, * tightest)
//   term:       number, 'text' of at most 8 characters, label, $ (this line's address), $$ (the origin), -t, ~t, (e)
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "isa/assembler/tokens.h"

namespace trapline::isa::assembler {

using Symbol = u32;

// Names of labels and constants, each with a small number.
class Symbols {
 public:
  Symbol number_of(std::string_view name);
  const std::string& name(Symbol symbol) const { return names_[symbol]; }
  std::size_t count() const { return names_.size(); }

 private:
  std::unordered_map<std::string, Symbol> numbers_;
  std::vector<std::string> names_;
};

enum class TermKind : u8 {
  number,
  symbol,
  here,
  origin,
  negate,
  invert,
  add,
  subtract,
  multiply,
  bit_or,
  bit_and,
  bit_xor,
  left,
  right
};

struct Term {
  TermKind kind;
  u64 value = 0;  // number: it; symbol: its Symbol
};

// Postfix; empty means zero.
struct Expression {
  std::vector<Term> terms;
  // Whether its value is the same wherever it stands and whatever the labels are.
  bool constant() const;
};

// A value, and how many addresses it holds: label 1, label - label 0. `settled` is false where a label was still
// unknown.
struct Value {
  u64 number = 0;
  int addresses = 0;
  bool settled = true;
};

// What names mean at one moment of the layout.
struct Scope {
  const std::vector<std::optional<Value>>& symbols;
  u64 here;
  u64 origin;
};
Value evaluate(const Expression& expression, const Scope& scope);

// What a line is read with: the symbols, and the label to which names with a leading dot belong.
struct Context {
  Symbols& symbols;
  std::string outer;
  std::string whole_name(std::string_view name) const;
};

// Reads as far as an expression goes. `parse_product` stops before + and -, for the insides of [...].
Result<Expression> parse_expression(Cursor& cursor, Context& context);
Result<Expression> parse_product(Cursor& cursor, Context& context);

}  // namespace trapline::isa::assembler
