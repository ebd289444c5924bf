// Computations: each row of alu.def in each width, with operands that carry, overflow and change sign, and flags.
#include "../../common/user/alu.h"
#include "../../common/user/library.h"
#include "programs.h"

namespace tour::user {
namespace {

using library::Fact;

constexpr u32 no_flags = 2, all_flags = 0x8d7;
constexpr u16 status = 0x8d5, no_adjust = 0x8c5, carry = 1, carry_overflow = 0x801, zero = 0x40, none = 0;

struct Family {
  u8 first_row, rows;
  u16 mask;
  u64 b, c;
};

// Families of rows that share operands and defined flags. Shift counts are 1, where OF is defined.
constexpr Family families[] = {
    {0, 4, status, 0x8000000080008081, 0},           // add adc sub sbb
    {4, 3, no_adjust, 0x8421ffff7fff00fe, 0},        // and or xor
    {7, 1, status, 0x7fffffff7fff7f7f, 0},           // cmp
    {8, 1, no_adjust, 0x1248, 0},                    // test
    {9, 4, status, 0, 0},                            // inc dec neg not
    {13, 3, no_adjust, 1, 0},                        // shl shr sar
    {16, 4, status, 1, 0},                           // rol ror rcl rcr
    {20, 3, carry_overflow, 0x123456789abcdef1, 0},  // mul imul
    {25, 2, no_adjust, 1, 0xfedcba9876543210},       // shld shrd
    {27, 4, carry, 13, 0},                           // bt bts btr btc
    {31, 2, zero, 0x00f0000010080420, 0},            // bsf bsr
    {33, 1, none, 0, 0},                             // bswap
    {34, 1, status, 0, 0x7f7f80807fff8001},          // xadd
    {35, 1, status, 0x11223344, 0x7fffff81},         // cmpxchg
    {36, 1, status, 0, 0},                           // conditions
    {37, 3, none, 0xfffffffe80808080, 0},            // movsx movzx
};

static_assert(sizeof families / sizeof *families % 2 == 0, "printed in pairs");

u64 try_family(const Family& family, u64 a, u32 flags, u64 sum) {
  const u32 first = family.first_row * 4u, last = first + family.rows * 4u;
  for (u32 operation = first; operation < last; ++operation) {
    const AluRow row{static_cast<u16>(operation), family.mask, flags, a, family.b, family.c};
    sum = alu_mix(sum, row);
  }
  return sum;
}

u64 try_both(const Family& family) {
  return try_family(family, 0x80000001ffff80ff, all_flags, try_family(family, 0x7fffffff7fff807f, no_flags, 0));
}

// The quotient must fit, so the dividend is small and positive; DIV defines no flags.
u64 divide() {
  u64 sum = 0;
  for (u16 operation = 23 * 4; operation < 25 * 4; ++operation) {
    const u64 a = operation % 4 == 0 ? 0x3039 : 0x7eadbeef12345678;
    sum = alu_mix(sum, {operation, none, no_flags, a, 0x6b, operation % 4 == 1 ? u64{5} : 0});
  }
  return sum;
}

}  // namespace

void compute() {
  for (const Family* family = families; family < families + sizeof families / sizeof *families; family += 2) {
    const u64 left = try_both(family[0]), right = try_both(family[1]);
    Fact("compute").byte(family->first_row).hex(left).hex(right).print();
  }
  Fact("divide").hex(divide()).print();
}

}  // namespace tour::user
