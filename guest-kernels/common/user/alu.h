// Single instructions with known operands and flags, and what they leave behind.
#pragma once
#include "../types.h"

struct AluRow {
  u16 operation;  // 4 * row of alu.def + log2(width)
  u16 mask;       // flags that the manual defines after it
  u32 flags;      // before it
  u64 a, b, c;    // RAX, RCX, RDX
};

u64 alu_mix(u64 sum, const AluRow& row);  // executes, and takes RAX, RDX and the defined flags into the sum
