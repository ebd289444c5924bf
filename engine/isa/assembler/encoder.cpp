// One instruction: its parsed operands become a request, and what the text leaves open is searched for.
#include "isa/assembler/encoder.h"

#include <algorithm>

#include "isa/assembler/branch.h"

namespace trapline::isa::assembler {
namespace {

// Tried in this order where no size word stands.
constexpr std::array<unsigned, 10> memory_sizes{1, 2, 4, 8, 6, 10, 16, 32, 64, 512};

bool names_rip(const ParsedOperand& operand) { return operand.base == ZYDIS_REGISTER_RIP; }
bool has_registers(const ParsedOperand& operand) {
  return operand.base != ZYDIS_REGISTER_NONE || operand.index != ZYDIS_REGISTER_NONE;
}

bool is_narrow(const ParsedOperand& operand) {
  return (operand.base != ZYDIS_REGISTER_NONE && bytes_of(operand.base) == 4) ||
         (operand.index != ZYDIS_REGISTER_NONE && bytes_of(operand.index) == 4);
}

bool is_relative(const ParsedOperand& operand, const Value& value) {
  if (operand.shape != OperandShape::memory) return false;
  if (names_rip(operand)) return value.addresses == 1;
  if (has_registers(operand) || operand.addressing == Addressing::absolute) return false;
  if (operand.addressing == Addressing::relative) return true;
  const bool offset = operand.segment == ZYDIS_REGISTER_FS || operand.segment == ZYDIS_REGISTER_GS;
  return value.addresses == 1 && !offset;
}

// CS, DS, ES and SS have no effect in 64-bit mode; the encoder knows no such prefixes, so they are put before its
// bytes.
u8 null_prefix(ZydisRegister segment) {
  switch (segment) {
    case ZYDIS_REGISTER_ES:
      return 0x26;
    case ZYDIS_REGISTER_CS:
      return 0x2e;
    case ZYDIS_REGISTER_SS:
      return 0x36;
    case ZYDIS_REGISTER_DS:
      return 0x3e;
    default:
      return 0;
  }
}

// The operands that the manual writes in one order only, or shorter, brought to the encoder's order.
void rewrite(ZydisMnemonic& mnemonic, std::vector<ParsedOperand>& operands) {
  const auto general = [&](std::size_t i) {
    return operands[i].shape == OperandShape::reg && is_general(operands[i].reg);
  };
  if (operands.size() != 2) return;
  const bool swaps = mnemonic == ZYDIS_MNEMONIC_TEST || mnemonic == ZYDIS_MNEMONIC_XCHG;
  if (swaps && general(0) && operands[1].shape == OperandShape::memory) std::swap(operands[0], operands[1]);
  if (mnemonic == ZYDIS_MNEMONIC_IMUL && general(0) && operands[1].shape == OperandShape::immediate)
    operands.insert(operands.begin(), operands[0]);
  if (!general(1) || operands[1].size < 2) return;
  const bool to_segment = operands[0].shape == OperandShape::reg && is_segment(operands[0].reg);
  if (mnemonic == ZYDIS_MNEMONIC_MOV && to_segment) operands[1].size = 2;
  if (mnemonic == ZYDIS_MNEMONIC_MOVSX && general(0) && operands[1].size == 4 && operands[0].size == 8)
    mnemonic = ZYDIS_MNEMONIC_MOVSXD;
  operands[1].reg = general_register(number_of(operands[1].reg), operands[1].size);
}

// The search over what the text left open: the size of memory, and how an immediate's bits are read.
class Search {
 public:
  Search(const InstructionLine& line, const Scope& scope, EncodeState& state)
      : line_(line), scope_(scope), state_(state), named_(line.named), operands_(line.operands) {}

  Result<Encoding> run() {
    rewrite(named_.mnemonic, operands_);
    request_ = request_for(named_);
    request_.prefixes = line_.prefixes;
    request_.operand_count = static_cast<u8>(operands_.size());
    for (std::size_t i = 0; i < operands_.size(); ++i)
      if (const Result<> filled = fill(i); !filled) return filled.error();
    if (const Result<> branch = choose_branch(); !branch) return branch.error();
    choose_selector();
    if (named_.mnemonic == ZYDIS_MNEMONIC_LEA) choose_address_size();
    const bool open = memory_ && operands_[*memory_].size == 0 && state_.memory_size == 0;
    return open ? over_sizes() : with_size(memory_ ? known_size() : 0);
  }

 private:
  unsigned known_size() const {
    const unsigned written = operands_[*memory_].size;
    return written != 0 ? written : state_.memory_size;
  }

  Result<> fill(std::size_t i) {
    const ParsedOperand& operand = operands_[i];
    ZydisEncoderOperand& to = request_.operands[i];
    if (operand.shape == OperandShape::memory) return fill_memory(i);
    if (operand.shape == OperandShape::reg) {
      to.type = ZYDIS_OPERAND_TYPE_REGISTER;
      to.reg.value = operand.reg;
      return {};
    }
    to.type = ZYDIS_OPERAND_TYPE_IMMEDIATE;
    to.imm.u = evaluate(operand.value, scope_).number;
    immediate_ = i;
    if (operand.size == 0) return {};
    if (named_.mnemonic != ZYDIS_MNEMONIC_PUSH || operand.size == 4)
      return usage_error("a size word stands before a memory operand, not before a number");
    if (operand.size == 2) request_.operand_size_hint = ZYDIS_OPERAND_SIZE_HINT_16;
    return {};
  }

  Result<> fill_memory(std::size_t i) {
    const ParsedOperand& operand = operands_[i];
    if (memory_) return usage_error("at most one operand may lie in memory; go through a register");
    memory_ = i;
    const Value value = evaluate(operand.value, scope_);
    ZydisEncoderOperand& to = request_.operands[i];
    to.type = ZYDIS_OPERAND_TYPE_MEMORY;
    to.mem = {operand.base, operand.index, operand.scale, static_cast<i64>(value.number), 0};
    if (operand.segment == ZYDIS_REGISTER_FS) request_.prefixes |= ZYDIS_ATTRIB_HAS_SEGMENT_FS;
    if (operand.segment == ZYDIS_REGISTER_GS) request_.prefixes |= ZYDIS_ATTRIB_HAS_SEGMENT_GS;
    extra_prefix_ = null_prefix(operand.segment);
    if (is_relative(operand, value)) {
      target_ = value.number;
      to.mem.base = ZYDIS_REGISTER_RIP;
      to.mem.displacement = 0;
      return {};
    }
    return check_displacement(operand, to.mem.displacement);
  }

  Result<> check_displacement(const ParsedOperand& operand, i64& displacement) {
    if (is_narrow(operand) && displacement == static_cast<u32>(displacement))
      displacement = static_cast<i32>(displacement);
    // MOV between the accumulator and an absolute address has a form with 64 bits.
    const bool fits = displacement == static_cast<i32>(displacement);
    const bool accumulator = std::any_of(operands_.begin(), operands_.end(), [](const ParsedOperand& other) {
      return is_general(other.reg) && number_of(other.reg) == 0;
    });
    if (fits || (!has_registers(operand) && accumulator && named_.mnemonic == ZYDIS_MNEMONIC_MOV)) return {};
    return usage_error("the displacement " + std::to_string(displacement) +
                       " does not fit 32 signed bits; load the address into a register");
  }

  Result<> choose_branch() {
    const bool through =
        (named_.mnemonic == ZYDIS_MNEMONIC_CALL || named_.mnemonic == ZYDIS_MNEMONIC_JMP) && operands_.size() == 1;
    for (const ParsedOperand& operand : operands_) {
      if (operand.reach == Reach::any || (through && operand.reach != Reach::short_form)) continue;
      return usage_error("short, near and far stand only before the target of a branch that has such a form");
    }
    if (!through) return {};
    const bool far_form = operands_[0].reach == Reach::far_form;
    request_.branch_type = far_form ? ZYDIS_BRANCH_TYPE_FAR : ZYDIS_BRANCH_TYPE_NEAR;
    // The size word before a far pointer is that of its offset; a selector of two bytes follows.
    unsigned& size = operands_[0].size;
    if (far_form && (size == 0 || size == 2 || size == 4 || size == 8)) size = (size == 0 ? 4 : size) + 2;
    return {};
  }

  // To the encoder, the size of what LEA names is that of the address.
  void choose_address_size() {
    if (!memory_ || operands_[*memory_].size != 0) return;
    const ParsedOperand& operand = operands_[*memory_];
    state_.memory_size = is_narrow(operand) ? 4 : 8;
  }

  // LAR and LSL read 16 bits of a register that may be named in any width; versions of the encoder differ in which.
  void choose_selector() {
    const bool checks = named_.mnemonic == ZYDIS_MNEMONIC_LAR || named_.mnemonic == ZYDIS_MNEMONIC_LSL;
    if (!checks || operands_.size() != 2 || memory_ || !is_general(operands_[1].reg) || operands_[1].size < 2) return;
    const unsigned number = number_of(operands_[1].reg);
    for (const unsigned width : {operands_[0].size, 8u, 4u, 2u}) {
      request_.operands[1].reg.value = general_register(number, width);
      if (attempt(request_)) return;
    }
  }

  // Where the bytes do not depend on the size, as with LGDT, the first that the encoder takes is as good as any.
  Result<Encoding> over_sizes() {
    std::optional<Encoding> found;
    bool open = false;
    for (const unsigned size : memory_sizes) {
      const std::optional<Encoding> tried = try_size(size);
      if (!tried) continue;
      if (!found) state_.memory_size = size;
      if (!found) found = *tried;
      open |= tried->bytes != found->bytes || tried->length != found->length;
    }
    if (!found) return refused();
    if (!open) return *found;
    const bool stack = named_.mnemonic == ZYDIS_MNEMONIC_PUSH || named_.mnemonic == ZYDIS_MNEMONIC_POP;
    state_.memory_size = stack ? 8 : 0;
    if (stack) return with_size(8);
    return usage_error("the size of the memory operand is open; write byte, word, dword or qword before '['");
  }

  Result<Encoding> with_size(unsigned size) {
    const std::optional<Encoding> found = try_size(size);
    if (found) return *found;
    return refused();
  }

  std::optional<Encoding> try_size(unsigned size) {
    if (memory_) request_.operands[*memory_].mem.size = static_cast<u16>(size);
    std::optional<Encoding> best = placed();
    const std::optional<Encoding> other = with_sign(operands_.empty() ? 0 : memory_ == 0u ? size : operands_[0].size);
    if (other && (!best || other->length < best->length)) best = other;
    return best;
  }

  // 0xff for a byte is -1 to the encoder: the same bits, read with a sign at the first operand's width.
  std::optional<Encoding> with_sign(unsigned width) {
    if (!immediate_ || width < 1 || width > 4) return {};
    ZydisEncoderOperand& to = request_.operands[*immediate_];
    const u64 value = to.imm.u;
    const unsigned bits = 8 * width;
    if (value >> (bits - 1) != 1) return {};
    to.imm.u = value - (u64{1} << bits);
    const std::optional<Encoding> encoding = placed();
    to.imm.u = value;
    return encoding;
  }

  // The encoding at this address: a RIP-relative displacement counts from the instruction's end.
  std::optional<Encoding> placed() {
    std::optional<Encoding> encoding = with_prefixes();
    if (!encoding || !target_) return encoding;
    const i64 distance = static_cast<i64>(*target_ - (scope_.here + encoding->length));
    if (distance != static_cast<i32>(distance)) {
      too_far_ = true;
      return {};
    }
    i64& displacement = request_.operands[*memory_].mem.displacement;
    displacement = distance;
    encoding = with_prefixes();
    displacement = 0;
    return encoding;
  }

  std::optional<Encoding> with_prefixes() {
    std::optional<Encoding> encoding = attempt(request_);
    constexpr ZydisInstructionAttributes repeats = ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE;
    if (!encoding && (request_.prefixes & repeats) != 0) {
      // REP and REPE are one byte; which name is right depends on the instruction.
      request_.prefixes ^= repeats;
      encoding = attempt(request_);
    }
    if (!encoding || extra_prefix_ == 0) return encoding;
    if (encoding->length >= 15) return {};
    std::copy_backward(encoding->bytes.begin(), encoding->bytes.end() - 1, encoding->bytes.end());
    encoding->bytes[0] = extra_prefix_;
    ++encoding->length;
    return encoding;
  }

  Error refused() const {
    if (!state_.explain) return usage_error({});
    const std::string name = lower(line_.name);
    if (too_far_) return usage_error("the label is more than 2 GiB away; load its address into a register");
    if (line_.prefixes == ZYDIS_ATTRIB_HAS_LOCK)
      return usage_error("lock goes only before an instruction that reads and writes memory, such as add [rbx], eax");
    if (line_.prefixes != 0) return usage_error("repeat prefixes go only before string instructions, such as movsb");
    const std::string forms = forms_of(line_.named);
    const bool pair = operands_.size() == 2 && operands_[0].shape == OperandShape::reg &&
                      operands_[1].shape == OperandShape::reg && operands_[0].size != operands_[1].size;
    if (pair && forms.find(" reg, reg") != forms.npos)
      return usage_error("the registers differ in size, and " + name + " takes two of one size");
    std::string sentence = name + " does not take these operands" + forms;
    if (immediate_) sentence += " (the number here is " + std::to_string(request_.operands[*immediate_].imm.s) + ")";
    return usage_error(std::move(sentence));
  }

  const InstructionLine& line_;
  const Scope& scope_;
  EncodeState& state_;
  Named named_;
  std::vector<ParsedOperand> operands_;
  ZydisEncoderRequest request_{};
  std::optional<std::size_t> memory_;     // which operand lies in memory
  std::optional<std::size_t> immediate_;  // which is the last number
  std::optional<u64> target_;             // of a RIP-relative operand
  u8 extra_prefix_ = 0;
  bool too_far_ = false;
};

}  // namespace

Result<Encoding> encode(const InstructionLine& line, const Scope& scope, EncodeState& state) {
  return is_branch_to_address(line) ? encode_branch(line, scope, state) : Search(line, scope, state).run();
}

bool is_constant(const InstructionLine& line) {
  if (is_branch_to_address(line)) return false;
  for (const ParsedOperand& operand : line.operands)
    if (!operand.value.constant() || operand.addressing == Addressing::relative) return false;
  return true;
}

}  // namespace trapline::isa::assembler
