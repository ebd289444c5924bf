// A wrong flag is caught because every plan tries every operation in every width several times, with operands drawn
// from the edges (0, 1, -1, the largest, the smallest) as often as from the whole range, with random flags before, and
// takes every defined flag after it into a fact. ADC and SBB meet both carries; shifts meet count 1, where OF is
// defined, often.
#include "plan_alu.h"

namespace trapline::shuffle {
namespace {

using std::uint64_t;

struct Width {
  unsigned bits;
  uint64_t mask, top;
  explicit Width(unsigned log_bytes)
      : bits(8u << log_bytes),
        mask(bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1),
        top(uint64_t{1} << (bits - 1)) {}
  uint64_t merge(uint64_t old, uint64_t value) const {  // SDM vol. 1, "General-Purpose Registers in 64-Bit Mode"
    return bits >= 32 ? value & mask : (old & ~mask) | (value & mask);
  }
  uint64_t extend(uint64_t value) const { return (value & mask & top) ? value | ~mask : value & mask; }
};

void put(Registers& r, uint64_t flag, bool value) { r.flags = value ? r.flags | flag : r.flags & ~flag; }

void put_result(Registers& r, const Width& w, uint64_t value) {
  unsigned ones = 0;
  for (unsigned bit = 0; bit < 8; ++bit) ones += value >> bit & 1;
  put(r, parity, ones % 2 == 0);
  put(r, zero, (value & w.mask) == 0);
  put(r, sign, (value & w.top) != 0);
}

uint64_t add(Registers& r, const Width& w, uint64_t x, uint64_t y, uint64_t in, bool keep_carry = false) {
  const uint64_t sum = (x + y + in) & w.mask;
  x &= w.mask, y &= w.mask;
  if (!keep_carry) put(r, carry, (((x & y) | ((x | y) & ~sum)) & w.top) != 0);
  put(r, adjust, ((x ^ y ^ sum) & 0x10) != 0);
  put(r, overflow, ((x ^ sum) & (y ^ sum) & w.top) != 0);
  put_result(r, w, sum);
  r.defined = status_flags;
  return sum;
}

uint64_t subtract(Registers& r, const Width& w, uint64_t x, uint64_t y, uint64_t in, bool keep_carry = false) {
  const uint64_t rest = (x - y - in) & w.mask;
  x &= w.mask, y &= w.mask;
  if (!keep_carry) put(r, carry, (((~x & y) | (~(x ^ y) & rest)) & w.top) != 0);
  put(r, adjust, ((x ^ y ^ rest) & 0x10) != 0);
  put(r, overflow, ((x ^ y) & (x ^ rest) & w.top) != 0);
  put_result(r, w, rest);
  r.defined = status_flags;
  return rest;
}

uint64_t logic(Registers& r, const Width& w, uint64_t value) {
  put(r, carry, false);
  put(r, overflow, false);
  put_result(r, w, value);
  r.defined = status_flags & ~adjust;
  return value & w.mask;
}

// Shifts one place at a time, as the manual's pseudocode does.
uint64_t shift(Registers& r, const Width& w, Operation operation) {
  const unsigned count = static_cast<unsigned>(r.b & (w.bits == 64 ? 63 : 31));
  uint64_t value = r.a & w.mask;
  const uint64_t first = value;
  r.defined = status_flags;
  if (count == 0) return value;
  for (unsigned i = 0; i < count; ++i) {
    const bool out = operation == Operation::shl_ ? (value & w.top) != 0 : (value & 1) != 0;
    put(r, carry, out);
    if (operation == Operation::shl_) value = value << 1 & w.mask;
    if (operation == Operation::shr_) value >>= 1;
    if (operation == Operation::sar_) value = value >> 1 | (value & w.top);
  }
  put_result(r, w, value);
  if (operation == Operation::shl_) put(r, overflow, ((value & w.top) != 0) != ((r.flags & carry) != 0));
  if (operation == Operation::shr_) put(r, overflow, (first & w.top) != 0);
  if (operation == Operation::sar_) put(r, overflow, false);
  r.defined = carry | parity | zero | sign | (count == 1 ? overflow : 0);
  if (count >= w.bits && operation != Operation::sar_) r.defined &= ~carry;
  return value;
}

uint64_t rotate(Registers& r, const Width& w, Operation operation) {
  const bool left = operation == Operation::rol_ || operation == Operation::rcl_;
  const bool through = operation == Operation::rcl_ || operation == Operation::rcr_;
  const unsigned masked = static_cast<unsigned>(r.b & (w.bits == 64 ? 63 : 31));
  const unsigned count = through ? masked % (w.bits + 1) : masked;
  uint64_t value = r.a & w.mask;
  r.defined = status_flags;
  if (masked == 0) return value;
  for (unsigned i = 0; i < count; ++i) {
    const bool out = left ? (value & w.top) != 0 : (value & 1) != 0;
    const bool in = through ? (r.flags & carry) != 0 : out;
    value = left ? (value << 1 & w.mask) | in : value >> 1 | (in ? w.top : 0);
    put(r, carry, out);
  }
  const bool top = (value & w.top) != 0, next = (value & w.top >> 1) != 0;
  put(r, overflow, left ? top != ((r.flags & carry) != 0) : top != next);
  if (masked != 1) r.defined &= ~overflow;
  return value;
}

uint64_t double_shift(Registers& r, const Width& w, bool left) {
  const unsigned count = static_cast<unsigned>(r.b & (w.bits == 64 ? 63 : 31));
  uint64_t value = r.a & w.mask, filler = r.c & w.mask;
  const uint64_t first = value;
  r.defined = status_flags;
  if (count == 0) return value;
  for (unsigned i = 0; i < count; ++i) {
    put(r, carry, left ? (value & w.top) != 0 : (value & 1) != 0);
    value = left ? (value << 1 & w.mask) | ((filler & w.top) != 0) : value >> 1 | ((filler & 1) ? w.top : 0);
    filler = left ? filler << 1 : filler >> 1;
  }
  put_result(r, w, value);
  put(r, overflow, ((first ^ value) & w.top) != 0);
  r.defined = carry | parity | zero | sign | (count == 1 ? overflow : 0);
  return value;
}

struct Double {
  uint64_t low, high;
};

Double multiply(uint64_t x, uint64_t y) {  // 64 by 64, in halves
  const uint64_t half = 0xffffffff;
  const uint64_t ll = (x & half) * (y & half), lh = (x & half) * (y >> 32), hl = (x >> 32) * (y & half);
  const uint64_t middle = (ll >> 32) + (lh & half) + (hl & half);
  return {x * y, (x >> 32) * (y >> 32) + (lh >> 32) + (hl >> 32) + (middle >> 32)};
}

Double product(const Width& w, uint64_t x, uint64_t y, bool with_sign) {
  if (with_sign)
    x = w.extend(x), y = w.extend(y);
  else
    x &= w.mask, y &= w.mask;
  Double p = multiply(x, y);
  if (with_sign) p.high -= (x >> 63 ? y : 0) + (y >> 63 ? x : 0);
  if (w.bits == 64) return p;
  return {p.low & w.mask, p.low >> w.bits & w.mask};
}

void put_overflows(Registers& r, bool lost) {
  put(r, carry, lost);
  put(r, overflow, lost);
  r.defined = carry | overflow;
}

void put_pair(Registers& r, const Width& w, uint64_t low, uint64_t high) {  // AH:AL, or DX:AX and its elders
  if (w.bits == 8) {
    r.a = (r.a & ~uint64_t{0xffff}) | (high & 0xff) << 8 | (low & 0xff);
    return;
  }
  r.a = w.merge(r.a, low);
  r.c = w.merge(r.c, high);
}

void multiply_wide(Registers& r, const Width& w, bool with_sign) {
  const Double p = product(w, r.a, r.b, with_sign);
  const uint64_t nothing = with_sign && (p.low & w.top) ? w.mask : 0;
  put_pair(r, w, p.low, p.high);
  put_overflows(r, p.high != nothing);
}

void divide(Registers& r, const Width& w) {
  uint64_t rest = (w.bits == 8 ? r.a >> 8 : r.c) & w.mask, quotient = 0;
  const uint64_t low = r.a & w.mask, divisor = r.b & w.mask;
  for (unsigned bit = w.bits; bit-- != 0;) {
    const bool lost = (rest & w.top) != 0;
    rest = (rest << 1 & w.mask) | (low >> bit & 1);
    if (!lost && rest < divisor) continue;
    rest = (rest - divisor) & w.mask;
    quotient |= uint64_t{1} << bit;
  }
  put_pair(r, w, quotient, rest);
}

void divide_signed(Registers& r, const Width& w) {  // the upper half is the lower half's sign
  const uint64_t x = w.extend(r.a), y = w.extend(r.b);
  const uint64_t size_x = x >> 63 ? 0 - x : x, size_y = y >> 63 ? 0 - y : y;
  const uint64_t quotient = size_x / size_y, rest = size_x % size_y;
  put_pair(r, w, (x ^ y) >> 63 ? 0 - quotient : quotient, x >> 63 ? 0 - rest : rest);
}

void test_bit(Registers& r, const Width& w, Operation operation) {
  const uint64_t bit = uint64_t{1} << (r.b % w.bits);
  put(r, carry, (r.a & bit) != 0);
  r.defined = carry;
  if (operation == Operation::bts_) r.a = w.merge(r.a, r.a | bit);
  if (operation == Operation::btr_) r.a = w.merge(r.a, r.a & ~bit);
  if (operation == Operation::btc_) r.a = w.merge(r.a, r.a ^ bit);
}

void scan(Registers& r, const Width& w, bool from_low) {
  uint64_t found = 0;
  for (unsigned bit = 0; bit < w.bits; ++bit) {
    if (!(r.b >> bit & 1)) continue;
    found = bit;
    if (from_low) break;
  }
  r.a = w.merge(r.a, found);
  put(r, zero, false);
  r.defined = zero;
}

uint64_t conditions(uint64_t flags) {  // o no c nc z nz be a s ns p np l ge le g, first one highest
  const bool c = flags & carry, z = flags & zero, s = flags & sign, o = flags & overflow, p = flags & parity;
  const bool pairs[] = {o, c, z, c || z, s, p, s != o, z || s != o};
  uint64_t result = 0;
  for (const bool condition : pairs) result = result << 2 | (condition ? 2 : 1);
  return result;
}

void through_ah(Registers& r, bool plain) {
  if (!plain) r.flags ^= carry;
  const uint64_t seen = (r.flags & (carry | parity | adjust | zero | sign)) | 2;
  r.a = (r.a & ~uint64_t{0xff00}) | seen << 8;
  r.c = r.a;
  if (plain) {
    r.a ^= 0xd500;
    r.flags = r.a >> 8 & (carry | parity | adjust | zero | sign);  // OF was cleared by the XOR on AH
  } else {
    r.flags |= carry;
  }
}

uint64_t swap_bytes(uint64_t value, unsigned bytes) {
  uint64_t result = 0;
  for (unsigned i = 0; i < bytes; ++i) result = result << 8 | (value >> 8 * i & 0xff);
  return result;
}

void exchange_add(Registers& r, const Width& w) {
  const uint64_t sum = add(r, w, r.a, r.c, 0), old = r.a;
  r.c = w.merge(r.c, old);
  r.a = w.merge(r.a, sum);
}

void compare_exchange(Registers& r, const Width& w) {
  subtract(r, w, r.a, r.c, 0);
  if (r.flags & zero)
    r.c = w.merge(r.c, r.b);
  else
    r.a = w.merge(r.a, r.c);
}

void extend(Registers& r, unsigned width, bool with_sign) {
  const Width from(width == 3 && with_sign ? 2 : width < 2 ? 0 : 1);  // MOVSXD has no unsigned twin
  const Width to(width == 0 ? 1 : width == 3 ? 3 : 2);
  r.a = to.merge(r.a, with_sign ? from.extend(r.b) : r.b & from.mask);
}

bool calculate_sums(Registers& r, const Width& w, Operation operation) {
  const uint64_t in = r.flags & carry;
  switch (operation) {
    case Operation::add_:
      r.a = w.merge(r.a, add(r, w, r.a, r.b, 0));
      return true;
    case Operation::adc_:
      r.a = w.merge(r.a, add(r, w, r.a, r.b, in));
      return true;
    case Operation::sub_:
      r.a = w.merge(r.a, subtract(r, w, r.a, r.b, 0));
      return true;
    case Operation::sbb_:
      r.a = w.merge(r.a, subtract(r, w, r.a, r.b, in));
      return true;
    case Operation::and_:
      r.a = w.merge(r.a, logic(r, w, r.a & r.b));
      return true;
    case Operation::or_:
      r.a = w.merge(r.a, logic(r, w, r.a | r.b));
      return true;
    case Operation::xor_:
      r.a = w.merge(r.a, logic(r, w, r.a ^ r.b));
      return true;
    case Operation::cmp_:
      subtract(r, w, r.a, r.b, 0);
      return true;
    case Operation::test_:
      logic(r, w, r.a & r.b);
      return true;
    case Operation::inc_:
      r.a = w.merge(r.a, add(r, w, r.a, 1, 0, true));
      return true;
    case Operation::dec_:
      r.a = w.merge(r.a, subtract(r, w, r.a, 1, 0, true));
      return true;
    case Operation::neg_:
      r.a = w.merge(r.a, subtract(r, w, 0, r.a, 0));
      return true;
    case Operation::not_:
      r.a = w.merge(r.a, ~r.a);
      return true;
    case Operation::xadd_:
      exchange_add(r, w);
      return true;
    case Operation::cmpxchg_:
      compare_exchange(r, w);
      return true;
    default:
      return false;
  }
}

bool calculate_products(Registers& r, const Width& w, const Width& even, Operation operation) {
  switch (operation) {
    case Operation::mul_:
      multiply_wide(r, w, false);
      return true;
    case Operation::imul_wide_:
      multiply_wide(r, w, true);
      return true;
    case Operation::imul_: {
      const Double p = product(even, r.a, r.b, true);
      r.a = even.merge(r.a, p.low);
      put_overflows(r, p.high != ((p.low & even.top) ? even.mask : 0));
      return true;
    }
    case Operation::div_:
      divide(r, w);
      return true;
    case Operation::idiv_:
      divide_signed(r, w);
      return true;
    default:
      return false;
  }
}

}  // namespace

Registers calculate(Operation operation, unsigned width, Registers r) {
  const Width w(width), even(width == 0 ? 1 : width);  // some operations have no byte form
  r.defined = 0;
  if (calculate_sums(r, w, operation) || calculate_products(r, w, even, operation)) return r;
  switch (operation) {
    case Operation::shl_:
    case Operation::shr_:
    case Operation::sar_:
      r.a = w.merge(r.a, shift(r, w, operation));
      break;
    case Operation::rol_:
    case Operation::ror_:
    case Operation::rcl_:
    case Operation::rcr_:
      r.a = w.merge(r.a, rotate(r, w, operation));
      break;
    case Operation::shld_:
      r.a = even.merge(r.a, double_shift(r, even, true));
      break;
    case Operation::shrd_:
      r.a = even.merge(r.a, double_shift(r, even, false));
      break;
    case Operation::bt_:
    case Operation::bts_:
    case Operation::btr_:
    case Operation::btc_:
      test_bit(r, even, operation);
      break;
    case Operation::bsf_:
      scan(r, even, true);
      break;
    case Operation::bsr_:
      scan(r, even, false);
      break;
    case Operation::bswap_:
      r.a = swap_bytes(r.a, width % 2 == 0 ? 4 : 8);
      break;
    case Operation::conditions_:
      r.c = conditions(r.flags), r.defined = status_flags;
      break;
    case Operation::sign_extend_:
      extend(r, width, true);
      break;
    case Operation::zero_extend_:
      extend(r, width, false);
      break;
    case Operation::lahf_:
      through_ah(r, width % 2 == 0), r.defined = status_flags;
      break;
    default:
      break;
  }
  return r;
}

}  // namespace trapline::shuffle
