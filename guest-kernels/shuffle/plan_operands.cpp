// Operands that tell right from wrong: edges as often as anything else, and never a fault.
#include <utility>

#include "plan_alu.h"

namespace trapline::shuffle {
namespace {

using std::uint64_t;

uint64_t draw_value(Random& random, unsigned width) {
  const unsigned bits = 8u << width;
  const uint64_t mask = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
  const uint64_t edges[] = {0, 1, mask, mask >> 1, (mask >> 1) + 1, 0x0f, 0x10, mask - 1};
  const uint64_t any = random.next();
  // Above the operand's width there is always something, which a smaller operation must keep or clear as it should.
  if (random.coin()) return any;
  return (any & ~mask) | edges[random.below(8)];
}

// Two random numbers seldom meet where a carry, a borrow, equality or an overflow turns on the last bit: with these b,
// a sum with carry wraps or just does not, a difference is zero, and the carry that comes in decides.
void relate(Random& random, Registers& r, Operation operation) {
  const uint64_t relations[] = {r.a, ~r.a, 0 - r.a, r.a + 1};
  r.b = relations[random.below(4)];
  if (operation == Operation::adc_ && random.coin()) r.b = ~r.a;
  if (operation == Operation::sbb_ && random.coin()) r.b = r.a;
  if (operation == Operation::cmpxchg_ || operation == Operation::xadd_) std::swap(r.b, r.c);
  if (operation == Operation::adc_ || operation == Operation::sbb_) r.flags |= carry;
}

// The quotient fits: the upper half is smaller than the divisor (DIV), or the lower half's sign (IDIV).
void tame_division(Random& random, Registers& r, unsigned width, bool with_sign) {
  const unsigned bits = 8u << width;
  const uint64_t mask = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
  if ((r.b & mask) == 0) r.b |= 3;
  uint64_t high = random.next() % (r.b & mask);
  if (with_sign) {
    if ((r.b & mask) == mask) r.b ^= 2;  // -1 could overflow
    high = (r.a >> (bits - 1) & 1) ? mask : 0;
  }
  if (width == 0)
    r.a = (r.a & ~uint64_t{0xff00}) | high << 8;
  else
    r.c = (r.c & ~mask) | high;
}

}  // namespace

Registers draw_operands(Random& random, Operation operation, unsigned width) {
  Registers r{draw_value(random, width), draw_value(random, width), draw_value(random, width),
              random.next() & status_flags, 0};
  if (random.coin()) relate(random, r, operation);
  const bool is_shift = operation >= Operation::shl_ && operation <= Operation::rcr_;
  const bool is_double = operation == Operation::shld_ || operation == Operation::shrd_;
  if (is_shift || is_double) r.b = random.below(3) == 0 ? 1 : random.below(256);
  if (is_double) r.b = random.below(width < 2 ? 17 : 32);  // more than the operand's bits is undefined
  if (operation == Operation::div_ || operation == Operation::idiv_) {
    tame_division(random, r, width, operation == Operation::idiv_);
  }
  if ((operation == Operation::bsf_ || operation == Operation::bsr_))
    r.b |= uint64_t{1} << random.below(width < 2 ? 16 : 8u << width);
  // Where an operand of four bytes may go unwritten, processors differ about its upper half: keep that clear.
  const bool may_skip = is_shift || is_double || operation == Operation::cmpxchg_ || operation == Operation::bt_;
  if (may_skip && width == 2) r.a &= 0xffffffff, r.c &= 0xffffffff;
  return r;
}

}  // namespace trapline::shuffle
