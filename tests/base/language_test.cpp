#include "base/language.h"

#include <doctest/doctest.h>

using namespace trapline;

TEST_CASE("a sentence's places take its values in any order, and what has no value stays") {
  CHECK(filled("step {1} of {0}", {"9", "3"}) == "step 3 of 9");
  CHECK(filled("{0}{0}", {"ab"}) == "abab");
  CHECK(filled("{0} and {1}", {"a"}) == "a and {1}");
  CHECK(filled("{x} { {", {"a"}) == "{x} { {");
  CHECK(filled("{0", {"a"}) == "{0");
  CHECK(filled("{0}", {"{1}", "b"}) == "{1}");
}

TEST_CASE("the places of a pattern are a set") {
  CHECK(places_of("no place") == 0);
  CHECK(places_of("{2} {0} {2}") == 0b101);
}

TEST_CASE("languages have the names that --lang takes") {
  CHECK(language_named("zh") == Language::chinese);
  CHECK(language_named(name_of(Language::english)) == Language::english);
  CHECK_FALSE(language_named("de"));
}
