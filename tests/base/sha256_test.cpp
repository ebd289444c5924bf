// SHA-256 against the examples of FIPS 180-4.
#include "base/sha256.h"

#include <doctest/doctest.h>

using trapline::Sha256;

TEST_CASE("SHA-256 of the published examples") {
  Sha256 sum;
  CHECK(sum.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  sum.add("abc");
  CHECK(sum.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a sum can be read midway and goes on") {
  Sha256 whole, parts;
  whole.add("one two");
  parts.add("one ");
  static_cast<void>(parts.hex());
  parts.add("two");
  CHECK(whole.hex() == parts.hex());
}
