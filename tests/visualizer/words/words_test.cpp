// Both languages say everything, with the same places.
#include "visualizer/words/words.h"

#include <doctest/doctest.h>

using namespace trapline;
using namespace trapline::window;

TEST_CASE("no text is missing in a language, and places agree") {
  REQUIRE(all_texts().size() == static_cast<std::size_t>(Text::count_));
  for (const TextRow& row : all_texts()) {
    CAPTURE(row.name);
    CHECK_FALSE(row.sentence.english.empty());
    CHECK_FALSE(row.sentence.chinese.empty());
    CHECK(places_of(row.sentence.english) == places_of(row.sentence.chinese));
  }
}

TEST_CASE("words are those of the language, with values in their places") {
  CHECK(Words(Language::english).fill(Text::event_number, {"7"}) == "event 7");
  CHECK(Words(Language::chinese)(Text::unknown) == "未知");
}
