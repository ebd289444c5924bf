// Bytes to instruction, instruction to text: pure functions over the Zydis decoder (64-bit mode).
#pragma once

#include <string>

#include "isa/instruction.h"

namespace trapline::isa {

enum class DecodeStatus : u8 {
  ok,
  needs_more,  // the bytes end inside the instruction
  invalid,     // no instruction: #UD, or #GP where longer than 15 bytes
  too_long,
};

struct Decoded {
  DecodeStatus status = DecodeStatus::invalid;
  Instruction instruction;  // with ok
};

// Decodes the first instruction of `bytes` in 64-bit mode.
Decoded decode(std::span<const u8> bytes);

// Intel syntax; branch targets and RIP-relative operands as absolute addresses for an instruction at `rip`. Bytes that
// are no instruction give "(bad)".
std::string text(std::span<const u8> bytes, u64 rip);

// The linear address that a memory operand names, without its segment's limit checks. `next_rip` is the address after
// the instruction.
u64 linear_address(const MemoryOperand& operand, const arch::CpuState& state, u64 next_rip, unsigned address_size);

}  // namespace trapline::isa
