#include "visualizer/rows/console_rows.h"

#include <doctest/doctest.h>

#include "tests/visualizer/rows/made_lane.h"

using namespace trapline;
using namespace trapline::window;

TEST_CASE("the console's rows are what had been printed by the event under the cursor") {
  MadeLane made;
  for (const char letter : std::string("lane: a\nfact: b\r\n\x01z")) made.emit(trace::Console{static_cast<u8>(letter)});
  LaneSet lanes = made.lanes();

  const ConsoleRows whole = console_rows(lanes, {.at = {0, ~0ULL}}, Interrupt());
  REQUIRE(whole.lines.size() == 3);
  CHECK(whole.lines[0].text == "lane: a");
  CHECK_FALSE(whole.lines[0].fact);
  CHECK(whole.lines[1].text == "fact: b");
  CHECK(whole.lines[1].fact);
  CHECK(whole.lines[2].text == "\\x01z");

  const ConsoleRows early = console_rows(lanes, {.at = {0, 2}}, Interrupt());
  REQUIRE(early.lines.size() == 1);
  CHECK(early.lines[0].text == "lan");
}

TEST_CASE("a console that never ends keeps its last lines and says how many are left out") {
  MadeLane made;
  for (int i = 0; i < 2500; ++i) made.emit(trace::Console{'\n'});
  LaneSet lanes = made.lanes();
  const ConsoleRows rows = console_rows(lanes, {.at = {0, ~0ULL}}, Interrupt());
  CHECK(rows.lines.size() == 2000);
  CHECK(rows.left_out == 500);
}
