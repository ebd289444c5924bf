// The arithmetic flags, computed when somebody asks (SDM vol. 1, "Status Flags").
//
// Instead of flags an instruction leaves three words, at the cost of a few operations and without naming its kind, so
// that a reader never switches on it:
//   result  the result, sign-extended to 64 bits: ZF, SF and PF lie in it
//   mixed   left ^ right ^ result, sign-extended: bit n is the carry into bit n, so bit 4 is AF, and bit 63 the carry
//           into the sign bit, which differs from the carry out of it exactly when OF
//   carry   bit 0: CF. Bits 1 and 2 turn PF and SF round; arithmetic leaves them 0, they serve flags that were loaded
//           (POPF, SAHF) and that no result could show, such as ZF and SF together
#pragma once

#include <bit>

#include "arch/cpu_state.h"
#include "base/integers.h"

namespace trapline::cpu {

struct LazyFlags {
  u64 result = 1;
  u64 mixed = 0;
  u64 carry = 0;

  static constexpr u64 parity_turned = 2, sign_turned = 4;

  bool cf() const { return carry & 1; }
  bool zf() const { return result == 0; }
  bool sf() const { return ((result >> 63) ^ (carry >> 2)) & 1; }
  bool pf() const { return ((std::popcount(result & 0xff) & 1) == 0) != ((carry & parity_turned) != 0); }
  bool af() const { return (mixed >> 4) & 1; }
  bool of() const { return ((mixed >> 63) ^ carry) & 1; }

  u64 get() const {
    using namespace arch;
    return (cf() ? flag::cf : 0) | (pf() ? flag::pf : 0) | (af() ? flag::af : 0) | (zf() ? flag::zf : 0) |
           (sf() ? flag::sf : 0) | (of() ? flag::of : 0);
  }

  // Every flag as given by its bit in RFLAGS.
  void set(u64 flags) {
    using namespace arch;
    const bool zero = flags & flag::zf;
    result = zero ? 0 : 1;
    const bool even_parity = zero;  // what `result` shows by itself: 0 has even parity, 1 odd
    carry = ((flags & flag::cf) ? 1 : 0) | (((flags & flag::pf) != 0) != even_parity ? parity_turned : 0) |
            ((flags & flag::sf) ? sign_turned : 0);
    const bool carry_into_sign = ((flags & flag::of) != 0) != ((flags & flag::cf) != 0);
    mixed = ((flags & flag::af) ? 16 : 0) | (carry_into_sign ? 1ULL << 63 : 0);
  }

  // CF alone; OF and all others keep their values.
  void set_cf(bool value) {
    const u64 turn = (carry ^ static_cast<u64>(value)) & 1;
    carry ^= turn;
    mixed ^= turn << 63;
  }
  void set_of(bool value) { mixed = (mixed & ~(1ULL << 63)) | ((static_cast<u64>(value) ^ (carry & 1)) << 63); }
};

}  // namespace trapline::cpu
