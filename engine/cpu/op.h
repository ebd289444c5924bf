// A decoded operation: what a block is made of. Filled once by the block builder, read by handlers forever after.
//
// Conventions of `describe` (block_builder.cpp), which every handler relies on:
//   - a register operand is a byte offset into Hot::gpr (so AH is 1 and a handler needs no case for it): operand 0 goes
//     to `first`, operand 1 to `second`, operand 2 to `third`; of an operand that is no general register the plain
//     number is stored (segment, control and debug registers);
//   - whichever operand is memory fills base, index, scale_log2, segment, address32 and `wide` (its displacement);
//   - an immediate goes to `immediate`; one that needs 64 bits (MOV r64, imm64) to `wide`; a second one (ENTER) to its
//     operand's register place;
//   - `segment` is that of the explicit memory operand, or an FS or GS override of an implicit one;
//   - a relative branch stores its target in `wide`, as a distance from the block's first byte.
// Base and index offsets name the two extra registers of Hot::gpr too: `zero_register` where there is none, and
// `block_rip_register` for RIP-relative operands (with a displacement that already counts from the block's start).
#pragma once

#include "base/integers.h"

namespace trapline::cpu {

class Cpu;
struct Op;

// Runs one operation and everything after it (release), or one operation (otherwise): see next() in handlers.h.
// Returns the operation to go on with, or null: control goes back to the run loop.
using Handler = const Op* (*)(Cpu& cpu, const Op* op);

inline constexpr u8 block_rip_register = 16 * 8;
inline constexpr u8 zero_register = 17 * 8;

struct Op {
  Handler handler = nullptr;
  u64 wide = 0;           // displacement, branch target from the block's start, or a 64-bit immediate
  i32 immediate = 0;      // sign-extended
  u16 rip_offset = 0;     // of the instruction from the block's first byte
  u8 index_in_block = 0;  // what the block's operations before this one weigh: instructions, see Ports::weight
  u8 length = 0;          // of the instruction in bytes
  u8 first = zero_register;
  u8 second = zero_register;
  u8 third = zero_register;
  u8 base = zero_register;
  u8 index = zero_register;
  u8 scale_log2 : 2 = 0;
  u8 address32 : 1 = 0;  // address-size override
  u8 lock : 1 = 0;
  u8 rep : 1 = 0;
  u8 repne : 1 = 0;
  u8 : 1;
  u8 weight : 1 = 1;    // what it adds to the retired count when it is done
  u8 segment = 3;       // arch::SegmentRegister of the memory operand; DS
  u8 operand_size = 0;  // effective, in bytes
};
static_assert(sizeof(Op) == 32);

}  // namespace trapline::cpu
