// Precedence climbing into postfix, and the evaluation of that.
#include "isa/assembler/expression.h"

#include <array>

#include "isa/assembler/names.h"

namespace trapline::isa::assembler {
namespace {

constexpr unsigned deepest = 64;

struct Operator {
  std::string_view sign;
  TermKind kind;
  unsigned binding;
};
constexpr std::array<Operator, 8> operators{{{"|", TermKind::bit_or, 1},
                                             {"^", TermKind::bit_xor, 2},
                                             {"&", TermKind::bit_and, 3},
                                             {"<<", TermKind::left, 4},
                                             {">>", TermKind::right, 4},
                                             {"+", TermKind::add, 5},
                                             {"-", TermKind::subtract, 5},
                                             {"*", TermKind::multiply, 6}}};
constexpr unsigned product_binding = 6;

const Operator* operator_at(const Cursor& cursor) {
  for (const Operator& each : operators)
    if (cursor.peek().is(each.sign)) return &each;
  return nullptr;
}

// Precedence climbing, with the depth of parentheses and signs bounded.
class Parser {
 public:
  Parser(Cursor& cursor, Context& context) : cursor_(cursor), context_(context) {}

  Result<Expression> parse(unsigned binding) {
    const Result<> read = operation(binding, 0);
    if (!read) return read.error();
    return std::move(out_);
  }

 private:
  Result<> operation(unsigned binding, unsigned depth) {
    if (const Result<> first = term(depth); !first) return first;
    for (const Operator* found = operator_at(cursor_); found && found->binding >= binding;
         found = operator_at(cursor_)) {
      cursor_.next();
      if (const Result<> second = operation(found->binding + 1, depth + 1); !second) return second;
      out_.terms.push_back({found->kind});
    }
    return {};
  }

  Result<> term(unsigned depth) {
    if (depth > deepest) return usage_error("the expression is nested more than 64 deep; name parts of it with equ");
    const Token& token = cursor_.peek();
    if (token.kind == TokenKind::number) return number(cursor_.next().number);
    if (token.kind == TokenKind::string) return characters(cursor_.next().text);
    if (token.kind == TokenKind::word) return name(token.text);
    if (cursor_.take("+")) return term(depth + 1);
    for (const auto& [sign, kind] : {std::pair{"-", TermKind::negate}, std::pair{"~", TermKind::invert}}) {
      if (!cursor_.take(sign)) continue;
      const Result<> inner = term(depth + 1);
      out_.terms.push_back({kind});
      return inner;
    }
    if (cursor_.take("(")) {
      if (const Result<> inner = operation(0, depth + 1); !inner) return inner;
      if (cursor_.take(")")) return {};
      return usage_error("a ')' is missing before " + found());
    }
    return usage_error("a number or a label should stand before " + found());
  }

  Result<> number(u64 value) {
    out_.terms.push_back({TermKind::number, value});
    return {};
  }

  Result<> characters(std::string_view text) {
    if (text.empty() || text.size() > 8)
      return usage_error(quoted(text) + " is no number: 1 to 8 characters make one; longer strings go after db");
    u64 value = 0;
    for (std::size_t i = 0; i < text.size(); ++i) value |= u64{static_cast<u8>(text[i])} << (8 * i);
    return number(value);
  }

  Result<> name(std::string_view text) {
    if (text == "$" || text == "$$") {
      out_.terms.push_back({text == "$" ? TermKind::here : TermKind::origin});
    } else if (register_named(text)) {
      return usage_error("the register " + quoted(text) + " cannot be part of a number");
    } else {
      out_.terms.push_back({TermKind::symbol, context_.symbols.number_of(context_.whole_name(text))});
    }
    cursor_.next();
    return {};
  }

  std::string found() const { return cursor_.at_end() ? "the end of the line" : quoted(cursor_.peek().text); }

  Cursor& cursor_;
  Context& context_;
  Expression out_;
};

u64 combined(TermKind kind, u64 left, u64 right) {
  switch (kind) {
    case TermKind::add:
      return left + right;
    case TermKind::subtract:
      return left - right;
    case TermKind::multiply:
      return left * right;
    case TermKind::bit_or:
      return left | right;
    case TermKind::bit_and:
      return left & right;
    case TermKind::bit_xor:
      return left ^ right;
    case TermKind::left:
      return right < 64 ? left << right : 0;
    default:
      return right < 64 ? left >> right : 0;
  }
}

Value joined(TermKind kind, const Value& left, const Value& right) {
  Value out{combined(kind, left.number, right.number), 0, left.settled && right.settled};
  if (kind == TermKind::add) out.addresses = left.addresses + right.addresses;
  if (kind == TermKind::subtract) out.addresses = left.addresses - right.addresses;
  out.addresses = std::clamp(out.addresses, -1000, 1000);
  return out;
}

// A label that no pass has placed yet is taken to lie here, which is nearer the truth than zero.
Value leaf(const Term& term, const Scope& scope) {
  if (term.kind == TermKind::number) return {term.value, 0, true};
  if (term.kind == TermKind::here) return {scope.here, 1, true};
  if (term.kind == TermKind::origin) return {scope.origin, 1, true};
  return scope.symbols[term.value].value_or(Value{scope.here, 1, false});
}

}  // namespace

Symbol Symbols::number_of(std::string_view name) {
  const auto [place, fresh] = numbers_.try_emplace(std::string(name), static_cast<Symbol>(names_.size()));
  if (fresh) names_.emplace_back(name);
  return place->second;
}

std::string Context::whole_name(std::string_view name) const {
  return name.starts_with('.') ? outer + std::string(name) : std::string(name);
}

bool Expression::constant() const {
  for (const Term& term : terms)
    if (term.kind == TermKind::symbol || term.kind == TermKind::here || term.kind == TermKind::origin) return false;
  return true;
}

Value evaluate(const Expression& expression, const Scope& scope) {
  std::vector<Value> stack;
  for (const Term& term : expression.terms) {
    if (term.kind <= TermKind::origin) {
      stack.push_back(leaf(term, scope));
    } else if (term.kind == TermKind::negate || term.kind == TermKind::invert) {
      Value& top = stack.back();
      top.number = term.kind == TermKind::negate ? 0 - top.number : ~top.number;
      top.addresses = term.kind == TermKind::negate ? -top.addresses : 0;
    } else {
      const Value right = stack.back();
      stack.pop_back();
      stack.back() = joined(term.kind, stack.back(), right);
    }
  }
  return stack.empty() ? Value{} : stack.back();
}

Result<Expression> parse_expression(Cursor& cursor, Context& context) { return Parser(cursor, context).parse(0); }

Result<Expression> parse_product(Cursor& cursor, Context& context) {
  return Parser(cursor, context).parse(product_binding);
}

}  // namespace trapline::isa::assembler
