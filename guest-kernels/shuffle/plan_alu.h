// What single instructions do to registers and flags, by the textbook (SDM vol. 2, the operations' own pages).
#pragma once
#include <cstdint>

#include "plan_random.h"

namespace trapline::shuffle {

enum class Operation : std::uint16_t {
#define ALU(name) name##_,
#include "../common/user/alu.def"
#undef ALU
  count
};

struct Registers {
  std::uint64_t a, b, c;  // RAX, RCX, RDX
  std::uint64_t flags;
  std::uint64_t defined;  // flags that the manual defines afterwards
};

inline constexpr std::uint64_t carry = 0x1, parity = 0x4, adjust = 0x10, zero = 0x40, sign = 0x80, overflow = 0x800;
inline constexpr std::uint64_t status_flags = carry | parity | adjust | zero | sign | overflow;

// `width` is log2 of the bytes. Operands of draw_operands never make the operation fault.
Registers draw_operands(Random& random, Operation operation, unsigned width);
Registers calculate(Operation operation, unsigned width, Registers before);

}  // namespace trapline::shuffle
