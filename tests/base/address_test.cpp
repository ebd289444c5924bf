// Addresses do not convert, and bit fields read as the manuals write them.
#include "base/address.h"

#include <doctest/doctest.h>
#include <type_traits>

#include "base/bits.h"

using namespace trapline;

static_assert(!std::is_convertible_v<Gva, Gpa>);
static_assert(!std::is_convertible_v<Gpa, Hpa>);
static_assert(!std::is_convertible_v<u64, Gva>);
static_assert(!std::is_constructible_v<Hpa, Gpa>);

TEST_CASE("pages and offsets") {
  CHECK(Gva(0x12345678).page() == Gva(0x12345000));
  CHECK(Gva(0x12345678).page_offset() == 0x678);
  CHECK(Gva(0x12345678).page_number() == 0x12345);
  CHECK_FALSE(Hpa::unknown().known());
}

TEST_CASE("bit fields of the manuals") {
  CHECK(bits(0xabcd, 15, 12) == 0xa);
  CHECK(bit_mask(51, 12) == 0x000ffffffffff000);
  CHECK(bit_mask(63, 0) == ~0ULL);
  CHECK(sign_extend(0x80, 8) == 0xffffffffffffff80);
  CHECK(is_canonical(0x00007fffffffffff));
  CHECK_FALSE(is_canonical(0x0000800000000000));
  CHECK(is_canonical(0xffff800000000000));
}
