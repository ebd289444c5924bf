// Random encodings of the instructions that rows_integer.def binds, and registers that make their operands land where
// the test wants them.
#pragma once

#include <array>
#include <random>
#include <vector>

#include "isa/decode.h"

namespace trapline::test {

using Random = std::mt19937_64;

// A value that finds edges more often than chance does.
u64 random_value(Random& random);

struct RandomInstruction {
  isa::Instruction instruction;
  std::vector<u8> bytes;
};

enum class Shape { any, registers_only };

// Never system instructions, vector registers, FS or GS, RIP-relative operands or anything that leaves user mode.
RandomInstruction random_instruction(Random& random, Shape shape);

// Flags that the manual leaves undefined after this instruction with these registers (before it ran); all ones where
// even the result is.
u64 undefined_flags(const isa::Instruction& instruction, const std::array<u64, 16>& gpr);
inline constexpr u64 result_undefined = ~0ULL;

}  // namespace trapline::test
