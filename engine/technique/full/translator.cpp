#include "technique/full/translator.h"

#include <algorithm>

#include "base/bits.h"
#include "isa/decode.h"

namespace trapline::technique::full {

namespace {

using isa::Mnemonic;

bool fits_in_32_signed(u64 value) { return static_cast<u64>(static_cast<i64>(static_cast<i32>(value))) == value; }

// Legacy and REX prefixes (SDM vol. 2, "Instruction Prefixes").
bool is_prefix(u8 byte) {
  constexpr u8 legacy[] = {0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65};
  return std::ranges::find(legacy, byte) != std::end(legacy) || (byte & 0xf0) == 0x40;
}

unsigned opcode_offset(const isa::Instruction& instruction) {
  unsigned offset = 0;
  while (offset + 1 < instruction.length && is_prefix(instruction.bytes[offset])) ++offset;
  return offset;
}

bool is_relative(const isa::Instruction& instruction) {
  return instruction.operand(0).kind == isa::OperandKind::relative;
}

bool is_indirect_branch(const isa::Instruction& instruction) {
  const bool branch = instruction.mnemonic == Mnemonic::jmp || instruction.mnemonic == Mnemonic::call;
  return instruction.mnemonic == Mnemonic::ret || (branch && !is_relative(instruction));
}

bool is_rip_relative(const isa::Instruction& instruction) {
  for (const isa::Operand& operand : instruction.operands)
    if (operand.kind == isa::OperandKind::memory && operand.memory.base == isa::rip_register) return true;
  return false;
}

bool has_index(const isa::Instruction& instruction) {
  for (const isa::Operand& operand : instruction.operands)
    if (operand.kind == isa::OperandKind::memory && operand.memory.index != isa::no_register) return true;
  return false;
}

// XBEGIN names an address too, but only for when its transaction aborts.
bool is_transaction(u8 opcode) { return opcode == 0xc7; }

class Translator {
 public:
  Translator(u64 rip, std::span<const u8> bytes) : bytes_(bytes) { block_.rip = rip; }

  TranslatedBlock run() {
    while (block_.instructions < longest_block && one_more()) {
    }
    if (!ended_) {
      site(SiteKind::exit, 0, here());
      jump(here());
    }
    add_stubs();
    return std::move(block_);
  }

 private:
  u64 here() const { return block_.rip + block_.guest_bytes; }

  // False where the block ends.
  bool one_more() {
    const auto left = bytes_.subspan(block_.guest_bytes);
    if (left.empty()) return false;
    const isa::Decoded decoded = isa::decode(left);
    if (decoded.status != isa::DecodeStatus::ok) return callout(1);
    const isa::Instruction& instruction = decoded.instruction;
    const Treatment treatment = sensitivity_of(instruction).treatment;
    if (treatment == Treatment::unnoticed || is_indirect_branch(instruction)) return callout(instruction.length);
    if (is_relative(instruction)) return branch(instruction);
    if (!copy(instruction)) return callout(instruction.length);
    ended_ = treatment == Treatment::privileged;
    return !ended_;
  }

  void site(SiteKind kind, u8 weight, u64 rip) {
    block_.sites.push_back({static_cast<u16>(block_.code.size()), kind, weight, rip});
  }
  void byte(unsigned value) { block_.code.push_back(static_cast<u8>(value)); }
  void dword(u64 value) {
    for (unsigned shift = 0; shift < 32; shift += 8) byte(value >> shift & 0xff);
  }
  void passed(unsigned length) {
    block_.guest_bytes = static_cast<u16>(block_.guest_bytes + length);
    ++block_.instructions;
  }

  bool callout(unsigned length) {
    site(SiteKind::callout, 0, here());  // the emulator counts it
    byte(0x0f), byte(0x0b);
    passed(length);
    ++block_.callouts;
    ended_ = true;
    return false;
  }

  bool copy(const isa::Instruction& instruction) {
    std::vector<u8> bytes(instruction.bytes.begin(), instruction.bytes.begin() + instruction.length);
    if (is_rip_relative(instruction) && !make_absolute(bytes, instruction)) return false;
    site(SiteKind::instruction, 1, here());
    block_.code.insert(block_.code.end(), bytes.begin(), bytes.end());
    passed(instruction.length);
    ++block_.copied;
    return true;
  }

  // ModRM with mod 00 and rm 101 becomes rm 100 with a SIB byte that has neither base nor index: disp32 alone (SDM vol.
  // 2, "RIP-Relative Addressing"). With a 32-bit address size the meaning would differ; and REX.X, which means nothing
  // without a SIB byte, would make R12 its index.
  bool make_absolute(std::vector<u8>& bytes, const isa::Instruction& instruction) const {
    const unsigned offset = instruction.displacement_offset;
    u32 displacement = 0;
    if (offset == 0 || instruction.address_size != 8 || bytes.size() >= isa::longest_instruction) return false;
    for (unsigned i = 0; i < 4; ++i) displacement |= u32{bytes[offset + i]} << (8 * i);
    const u64 target = here() + instruction.length + static_cast<u64>(static_cast<i64>(static_cast<i32>(displacement)));
    if (!fits_in_32_signed(target)) return false;
    bytes[offset - 1] = static_cast<u8>((bytes[offset - 1] & 0xf8) | 4);
    for (unsigned i = 0; i < 4; ++i) bytes[offset + i] = static_cast<u8>(target >> (8 * i));
    bytes.insert(bytes.begin() + offset, 0x25);
    return !has_index(isa::decode(bytes).instruction);
  }

  // A jump with its rel32 still open; the site has been noted.
  void jump(u64 target) {
    byte(0xe9);
    exit_here(target);
  }
  void exit_here(u64 target) {
    block_.exits.push_back({static_cast<u16>(block_.code.size()), 0, target});
    dword(0);
  }

  bool branch(const isa::Instruction& instruction) {
    const u64 rip = here(), next = rip + instruction.length;
    const u64 target = next + static_cast<u64>(instruction.operand(0).immediate);
    const unsigned at = opcode_offset(instruction);
    const u8 opcode = instruction.bytes[at];
    if (!is_canonical(target) || instruction.operand_size == 2 || is_transaction(opcode))
      return callout(instruction.length);
    if (instruction.mnemonic == Mnemonic::call && !fits_in_32_signed(next)) return callout(instruction.length);
    passed(instruction.length);
    ended_ = true;
    if (instruction.mnemonic == Mnemonic::call) {
      site(SiteKind::instruction, 0, rip);
      byte(0x68), dword(next);
      site(SiteKind::after_push, 1, target);
      jump(target);
    } else if (instruction.mnemonic == Mnemonic::jmp) {
      site(SiteKind::instruction, 1, rip);
      jump(target);
    } else if (opcode >= 0xe0 && opcode <= 0xe3) {
      counted_branch(instruction, at, rip, next, target);
    } else {
      const u8 condition = (opcode == 0x0f ? instruction.bytes[at + 1] : opcode) & 15;
      site(SiteKind::instruction, 1, rip);
      byte(0x0f), byte(0x80 | condition);
      exit_here(target);
      site(SiteKind::exit, 0, next);
      jump(next);
    }
    return false;
  }

  // LOOPcc and JRCXZ reach 127 bytes only: over one jump to the other.
  void counted_branch(const isa::Instruction& instruction, unsigned at, u64 rip, u64 next, u64 target) {
    site(SiteKind::instruction, 1, rip);
    for (unsigned i = 0; i <= at; ++i) byte(instruction.bytes[i]);
    byte(5);
    site(SiteKind::exit, 0, next);
    jump(next);
    site(SiteKind::exit, 0, target);
    jump(target);
  }

  void add_stubs() {
    for (BlockExit& exit : block_.exits) {
      exit.stub = static_cast<u16>(block_.code.size());
      site(SiteKind::exit, 0, exit.target);
      byte(0x0f), byte(0x0b);
      const u32 distance = exit.stub - (exit.displacement + 4U);
      for (unsigned i = 0; i < 4; ++i) block_.code[exit.displacement + i] = static_cast<u8>(distance >> (8 * i));
    }
  }

  std::span<const u8> bytes_;
  TranslatedBlock block_;
  bool ended_ = false;
};

}  // namespace

TranslatedBlock translate(u64 rip, std::span<const u8> bytes) { return Translator(rip, bytes).run(); }

}  // namespace trapline::technique::full
