// Which branches to an address there are, and the form that each takes.
#include "isa/assembler/branch.h"

namespace trapline::isa::assembler {
namespace {

enum class BranchKind : u8 { none, call, jump, loop };

BranchKind kind_of(ZydisMnemonic mnemonic) {
  switch (mnemonic) {
    case ZYDIS_MNEMONIC_CALL:
      return BranchKind::call;
    case ZYDIS_MNEMONIC_JMP:
    case ZYDIS_MNEMONIC_JO:
    case ZYDIS_MNEMONIC_JNO:
    case ZYDIS_MNEMONIC_JB:
    case ZYDIS_MNEMONIC_JNB:
    case ZYDIS_MNEMONIC_JZ:
    case ZYDIS_MNEMONIC_JNZ:
    case ZYDIS_MNEMONIC_JBE:
    case ZYDIS_MNEMONIC_JNBE:
    case ZYDIS_MNEMONIC_JS:
    case ZYDIS_MNEMONIC_JNS:
    case ZYDIS_MNEMONIC_JP:
    case ZYDIS_MNEMONIC_JNP:
    case ZYDIS_MNEMONIC_JL:
    case ZYDIS_MNEMONIC_JNL:
    case ZYDIS_MNEMONIC_JLE:
    case ZYDIS_MNEMONIC_JNLE:
      return BranchKind::jump;
    case ZYDIS_MNEMONIC_LOOP:
    case ZYDIS_MNEMONIC_LOOPE:
    case ZYDIS_MNEMONIC_LOOPNE:
    case ZYDIS_MNEMONIC_JECXZ:
    case ZYDIS_MNEMONIC_JRCXZ:
      return BranchKind::loop;
    default:
      return BranchKind::none;
  }
}

enum class Form : u8 { short_form, near_form };

struct Try {
  std::optional<Encoding> encoding;  // where it reaches
  i64 distance = 0;                  // from the end of the instruction
};

// Whether a form reaches is asked where the instruction stood when the labels were placed: its own move since then is
// no distance. Else every branch behind one that grew would seem out of reach, and grow too.
Try try_form(const InstructionLine& line, Form form, u64 target, u64 here, EncodeState& state) {
  ZydisEncoderRequest request = request_for(line.named);
  request.prefixes = line.prefixes;
  request.branch_type = form == Form::short_form ? ZYDIS_BRANCH_TYPE_SHORT : ZYDIS_BRANCH_TYPE_NEAR;
  request.branch_width = form == Form::short_form ? ZYDIS_BRANCH_WIDTH_8 : ZYDIS_BRANCH_WIDTH_32;
  request.operand_count = 1;
  request.operands[0].type = ZYDIS_OPERAND_TYPE_IMMEDIATE;
  const std::optional<Encoding> sized = attempt(request);
  if (!sized) return {};
  const auto reaches = [form](i64 distance) {
    return form == Form::short_form ? distance == static_cast<i8>(distance) : distance == static_cast<i32>(distance);
  };
  const i64 distance = static_cast<i64>(target - (here + sized->length));
  const i64 distance_then = static_cast<i64>(static_cast<u64>(distance) + state.shift);
  if (!reaches(distance_then)) return {{}, distance_then};
  state.skewed = !reaches(distance);
  if (state.skewed) return {sized, distance};
  request.operands[0].imm.s = distance;
  return {attempt(request), distance};
}

}  // namespace

bool is_branch_to_address(const InstructionLine& line) {
  return line.operands.size() == 1 && line.operands[0].shape == OperandShape::immediate &&
         kind_of(line.named.mnemonic) != BranchKind::none;
}

Result<Encoding> encode_branch(const InstructionLine& line, const Scope& scope, EncodeState& state) {
  const ParsedOperand& operand = line.operands[0];
  const BranchKind kind = kind_of(line.named.mnemonic);
  const std::string name = lower(line.name);
  if (line.prefixes != 0) return usage_error("the prefix does not go with " + name);
  if (operand.reach == Reach::far_form || operand.size != 0)
    return usage_error(
        "64-bit mode has no far branch to an address in the code; jump through memory, as in far [target]");
  const bool may_short = kind != BranchKind::call && operand.reach != Reach::near_form;
  const bool may_near = kind != BranchKind::loop && operand.reach != Reach::short_form;
  if (!may_short && !may_near) return usage_error(name + " has no such form; leave short and near out");
  const u64 target = evaluate(operand.value, scope).number;
  i64 distance = 0;
  if (may_short && !(may_near && state.near_form)) {
    const Try tried = try_form(line, Form::short_form, target, scope.here, state);
    if (tried.encoding) return *tried.encoding;
    distance = tried.distance;
  }
  if (!may_near)
    return usage_error("the target is " + std::to_string(distance) +
                       " bytes away, and a short branch reaches -128 to 127");
  state.near_form = true;
  const Try tried = try_form(line, Form::near_form, target, scope.here, state);
  if (tried.encoding) return *tried.encoding;
  return usage_error("the target is more than 2 GiB away; load it into a register and branch through that");
}

}  // namespace trapline::isa::assembler
