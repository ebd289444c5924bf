// Operands, one after another as they are written; what only addresses can decide is left open.
#include "isa/assembler/operand.h"

#include "isa/assembler/names.h"

namespace trapline::isa::assembler {
namespace {

std::optional<ZydisRegister> register_at(const Cursor& cursor, std::size_t ahead = 0) {
  const Token& token = cursor.peek(ahead);
  return token.kind == TokenKind::word ? register_named(token.text) : std::nullopt;
}

bool word_at(const Cursor& cursor, std::string_view word) {
  return cursor.peek().kind == TokenKind::word && lower(cursor.peek().text) == word;
}

bool take_word(Cursor& cursor, std::string_view word) {
  const bool there = word_at(cursor, word);
  if (there) cursor.next();
  return there;
}

std::string found(const Cursor& cursor) { return cursor.at_end() ? "the end of the line" : quoted(cursor.peek().text); }

bool is_instruction_pointer(ZydisRegister reg) { return reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP; }
bool is_stack_pointer(ZydisRegister reg) { return reg == ZYDIS_REGISTER_RSP || reg == ZYDIS_REGISTER_ESP; }

bool can_address(ZydisRegister reg) {
  const bool wide = is_general(reg) && bytes_of(reg) >= 4;
  return wide || is_instruction_pointer(reg);
}

Result<> take_segment(Cursor& cursor, ParsedOperand& operand) {
  const std::optional<ZydisRegister> reg = register_at(cursor);
  if (!reg || !cursor.peek(1).is(":")) return {};
  if (!is_segment(*reg))
    return usage_error(quoted(cursor.peek().text) + " is no segment register; before ':' one stands");
  operand.segment = *reg;
  cursor.next();
  cursor.next();
  return {};
}

// The inside of [...].
class MemoryParser {
 public:
  MemoryParser(Cursor& cursor, Context& context, ParsedOperand& operand)
      : cursor_(cursor), context_(context), operand_(operand) {}

  Result<> parse() {
    operand_.shape = OperandShape::memory;
    if (take_word(cursor_, "rel")) operand_.addressing = Addressing::relative;
    if (take_word(cursor_, "abs")) operand_.addressing = Addressing::absolute;
    if (const Result<> segment = take_segment(cursor_, operand_); !segment) return segment;
    bool minus = cursor_.take("-");
    for (;;) {
      if (const Result<> read = part(minus); !read) return read;
      if (cursor_.take("]")) return check();
      minus = cursor_.peek().is("-");
      if (!cursor_.take("+") && !cursor_.take("-"))
        return usage_error("'+', '-' or ']' should stand before " + found(cursor_));
    }
  }

 private:
  Result<> part(bool minus) {
    const bool scaled_after =
        cursor_.peek().kind == TokenKind::number && cursor_.peek(1).is("*") && register_at(cursor_, 2);
    if (!register_at(cursor_) && !scaled_after) return displacement(minus);
    if (minus) return usage_error("a register cannot be subtracted in an address");
    u64 scale = 0;
    if (scaled_after) {
      scale = cursor_.next().number;
      cursor_.next();
    }
    const Token& name = cursor_.next();
    if (!scaled_after && cursor_.take("*")) {
      if (cursor_.peek().kind != TokenKind::number)
        return usage_error("a scale is 1, 2, 4 or 8, not " + found(cursor_));
      scale = cursor_.next().number;
    }
    return address_register(name.text, scale);
  }

  Result<> address_register(std::string_view name, u64 scale) {
    const ZydisRegister reg = *register_named(name);
    if (!can_address(reg)) return usage_error(quoted(name) + " cannot hold an address; 64-bit or 32-bit registers can");
    if (scale != 0 && scale != 1 && scale != 2 && scale != 4 && scale != 8)
      return usage_error("a scale is 1, 2, 4 or 8, not " + std::to_string(scale));
    if (scale <= 1 && operand_.base == ZYDIS_REGISTER_NONE && (scale == 0 || operand_.index != ZYDIS_REGISTER_NONE)) {
      operand_.base = reg;
      return {};
    }
    if (operand_.index != ZYDIS_REGISTER_NONE)
      return usage_error("an address takes one base and one index register, and " + quoted(name) + " is one too many");
    operand_.index = reg;
    operand_.scale = static_cast<u8>(scale == 0 ? 1 : scale);
    return {};
  }

  Result<> displacement(bool minus) {
    const bool first = operand_.value.terms.empty();
    Result<Expression> read = parse_product(cursor_, context_);
    if (!read) return read.error();
    std::vector<Term>& terms = operand_.value.terms;
    terms.insert(terms.end(), read->terms.begin(), read->terms.end());
    if (minus) terms.push_back({first ? TermKind::negate : TermKind::subtract});
    if (!minus && !first) terms.push_back({TermKind::add});
    return {};
  }

  Result<> check() {
    if (is_stack_pointer(operand_.index) && operand_.scale == 1) std::swap(operand_.base, operand_.index);
    if (is_stack_pointer(operand_.index)) return usage_error("the stack pointer cannot be an index");
    const bool both = operand_.base != ZYDIS_REGISTER_NONE && operand_.index != ZYDIS_REGISTER_NONE;
    if (both && is_instruction_pointer(operand_.base)) return usage_error("rip takes no index beside it");
    if (is_instruction_pointer(operand_.index)) return usage_error("rip cannot be an index");
    if (both && bytes_of(operand_.base) != bytes_of(operand_.index))
      return usage_error("base and index differ in size; both are 64-bit or both 32-bit registers");
    const bool any = operand_.base != ZYDIS_REGISTER_NONE || operand_.index != ZYDIS_REGISTER_NONE;
    if (operand_.addressing == Addressing::relative && any) return usage_error("rel goes with a label alone");
    return {};
  }

  Cursor& cursor_;
  Context& context_;
  ParsedOperand& operand_;
};

Reach take_reach(Cursor& cursor) {
  if (take_word(cursor, "short")) return Reach::short_form;
  if (take_word(cursor, "near")) return Reach::near_form;
  return take_word(cursor, "far") ? Reach::far_form : Reach::any;
}

Result<> check_size_word(const ParsedOperand& operand) {
  if (operand.shape != OperandShape::reg || operand.size == 0 || operand.size == bytes_of(operand.reg)) return {};
  return usage_error("the size word contradicts the register behind it; leave it out");
}

}  // namespace

Result<ParsedOperand> parse_operand(Cursor& cursor, Context& context) {
  ParsedOperand operand;
  operand.reach = take_reach(cursor);
  if (cursor.peek().kind == TokenKind::word) operand.size = size_named(cursor.peek().text);
  if (operand.size != 0) cursor.next();
  if (operand.size != 0) take_word(cursor, "ptr");
  if (const Result<> segment = take_segment(cursor, operand); !segment) return segment.error();
  if (cursor.take("[")) {
    if (const Result<> memory = MemoryParser(cursor, context, operand).parse(); !memory) return memory.error();
    return operand;
  }
  if (operand.segment != ZYDIS_REGISTER_NONE) return usage_error("behind a segment and ':' an address in [...] stands");
  if (const std::optional<ZydisRegister> reg = register_at(cursor)) {
    cursor.next();
    operand.shape = OperandShape::reg;
    operand.reg = *reg;
    if (const Result<> agreed = check_size_word(operand); !agreed) return agreed.error();
    operand.size = bytes_of(*reg);
    return operand;
  }
  Result<Expression> value = parse_expression(cursor, context);
  if (!value) return value.error();
  operand.value = std::move(*value);
  return operand;
}

}  // namespace trapline::isa::assembler
