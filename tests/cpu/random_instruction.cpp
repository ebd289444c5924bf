#include "cpu/random_instruction.h"

#include <algorithm>

#include "arch/cpu_state.h"

namespace trapline::test {
namespace {

using isa::Mnemonic;

bool is_integer(Mnemonic mnemonic) {
  switch (mnemonic) {
#define ROW(name, flow) case Mnemonic::name:
#include "cpu/rows_integer.def"
#undef ROW
    return true;
    default:
      return false;
  }
}

bool has_odd_operand(const isa::Instruction& instruction, Shape shape) {
  for (unsigned i = 0; i < instruction.operand_count; ++i) {
    const isa::Operand& operand = instruction.operands[i];
    if (operand.kind == isa::OperandKind::reg && operand.register_kind != isa::RegisterKind::gpr &&
        operand.register_kind != isa::RegisterKind::high_byte)
      return true;
    if (shape == Shape::registers_only && operand.kind == isa::OperandKind::reg && operand.reg == arch::rsp &&
        operand.register_kind == isa::RegisterKind::gpr)
      return true;
  }
  return false;
}

bool has_odd_memory(const isa::Instruction& instruction, Shape shape) {
  if (shape == Shape::registers_only && instruction.memory_count > 0) return true;
  for (unsigned i = 0; i < instruction.memory_count; ++i) {
    const isa::MemoryOperand& memory = instruction.memory[i];
    if (memory.segment >= arch::fs || memory.base == isa::rip_register) return true;
    if (memory.base == isa::no_register || memory.base == memory.index) return true;
  }
  return false;
}

bool branches(Mnemonic mnemonic) {
  switch (mnemonic) {
#define is_on false
#define is_elsewhere true
#define ROW(name, flow) \
  case Mnemonic::name:  \
    return is_##flow;
#include "cpu/rows_integer.def"
#undef ROW
#undef is_on
#undef is_elsewhere
    default:
      return false;
  }
}

void put_prefixes(Random& random, std::vector<u8>& bytes) {
  constexpr u8 prefixes[] = {0x66, 0x66, 0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x3e};
  while (random() % 3 == 0 && bytes.size() < 3) bytes.push_back(prefixes[random() % std::size(prefixes)]);
  if (random() % 2) bytes.push_back(static_cast<u8>(0x40 | (random() & 15)));
}

std::vector<u8> random_bytes(Random& random) {
  std::vector<u8> bytes;
  switch (random() % 8) {
    case 0:  // VEX, map 0F38 or 0F3A, for the bit-field instructions
      bytes = {0xc4, static_cast<u8>((random() & 0xe0) | (2 + (random() % 4 == 0))), static_cast<u8>(random() & 0xfb),
               static_cast<u8>(0xf0 | (random() & 15))};
      break;
    case 1:
      put_prefixes(random, bytes);
      bytes.insert(bytes.end(), {0x0f, 0x38, static_cast<u8>(0xf0 | (random() & 15))});
      break;
    case 2:
    case 3:
      put_prefixes(random, bytes);
      bytes.insert(bytes.end(), {0x0f, static_cast<u8>(random())});
      break;
    default:
      put_prefixes(random, bytes);
      bytes.push_back(static_cast<u8>(random()));
  }
  while (bytes.size() < isa::longest_instruction) bytes.push_back(static_cast<u8>(random()));
  return bytes;
}

unsigned shift_count(const isa::Instruction& instruction, const std::array<u64, 16>& gpr) {
  const isa::Operand& last = instruction.operand(instruction.operand_count - 1);
  const u64 count = last.kind == isa::OperandKind::immediate ? static_cast<u64>(last.immediate) : gpr[arch::rcx];
  return count & (instruction.operand(0).size == 8 ? 63 : 31);
}

}  // namespace

u64 random_value(Random& random) {
  const u64 value = random();
  switch (random() % 8) {
    case 0:
      return value % 4;
    case 1:
      return 0 - value % 4;
    case 2:
      return 1ULL << (value % 64);
    case 3:
      return (1ULL << (value % 64)) - 1;
    case 4:
      return value & 0xff;
    case 5:
      return static_cast<u64>(static_cast<i64>(static_cast<i32>(value)));
    default:
      return value;
  }
}

RandomInstruction random_instruction(Random& random, Shape shape) {
  for (;;) {
    const std::vector<u8> bytes = random_bytes(random);
    const isa::Decoded decoded = isa::decode(bytes);
    if (decoded.status != isa::DecodeStatus::ok) continue;
    const isa::Instruction& instruction = decoded.instruction;
    if (!is_integer(instruction.mnemonic) || instruction.vector_unit || instruction.far) continue;
    if (has_odd_operand(instruction, shape) || has_odd_memory(instruction, shape)) continue;
    // Processors of two makers disagree on a near branch's operand-size prefix.
    if (branches(instruction.mnemonic) &&
        (shape == Shape::registers_only || std::ranges::find(bytes.begin(), bytes.begin() + instruction.length, 0x66) !=
                                               bytes.begin() + instruction.length))
      continue;
    return {instruction, {bytes.begin(), bytes.begin() + instruction.length}};
  }
}

u64 undefined_flags(const isa::Instruction& instruction, const std::array<u64, 16>& gpr) {
  using namespace arch::flag;
  switch (instruction.mnemonic) {
    case Mnemonic::and_:
    case Mnemonic::or_:
    case Mnemonic::xor_:
    case Mnemonic::test:
      return af;
    case Mnemonic::mul:
    case Mnemonic::imul:
      return sf | zf | af | pf;
    case Mnemonic::div:
    case Mnemonic::idiv:
      return arithmetic;
    case Mnemonic::shl:
    case Mnemonic::shr:
    case Mnemonic::sar: {
      const unsigned count = shift_count(instruction, gpr);
      if (count == 0) return 0;
      const bool loses_carry = instruction.mnemonic != Mnemonic::sar && count >= instruction.operand(0).size * 8U;
      return af | (count == 1 ? 0 : of) | (loses_carry ? cf : 0);
    }
    case Mnemonic::rol:
    case Mnemonic::ror:
    case Mnemonic::rcl:
    case Mnemonic::rcr:
      return shift_count(instruction, gpr) <= 1 ? 0 : of;
    case Mnemonic::shld:
    case Mnemonic::shrd: {
      const unsigned count = shift_count(instruction, gpr);
      if (count > instruction.operand(0).size * 8U) return result_undefined;
      return count == 0 ? 0 : af | (count == 1 ? 0 : of);
    }
    case Mnemonic::bt:
    case Mnemonic::bts:
    case Mnemonic::btr:
    case Mnemonic::btc:
      return of | sf | af | pf;
    case Mnemonic::bsf:
    case Mnemonic::bsr:
      return arithmetic & ~zf;
    case Mnemonic::tzcnt:
    case Mnemonic::lzcnt:
      return of | sf | af | pf;
    case Mnemonic::andn:
    case Mnemonic::blsi:
    case Mnemonic::blsr:
    case Mnemonic::blsmsk:
    case Mnemonic::bzhi:
      return af | pf;
    case Mnemonic::bextr:
      return sf | af | pf;
    case Mnemonic::bswap:
      return instruction.operand(0).size == 2 ? result_undefined : 0;
    default:
      return 0;
  }
}

}  // namespace trapline::test
