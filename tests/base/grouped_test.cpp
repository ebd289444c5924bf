// Digits in threes, counted from the right.
#include "base/grouped.h"

#include <doctest/doctest.h>

using namespace trapline;

TEST_CASE("numbers are grouped from the right") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(1234567) == "1,234,567");
  CHECK(grouped(~0ULL) == "18,446,744,073,709,551,615");
}
