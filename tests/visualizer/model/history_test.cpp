#include "visualizer/model/history.h"

#include <doctest/doctest.h>

using namespace trapline::window;

TEST_CASE("back goes to where one jumped from, steps in between forgotten, and forward again") {
  History history;
  history.jump({{0, 1}, ""});
  history.step({{0, 2}, ""});
  history.step({{0, 3}, ""});
  history.jump({{1, 70}, "walk"});
  REQUIRE(history.can_go_back());
  CHECK(history.back() == Spot{{0, 3}, ""});
  CHECK_FALSE(history.can_go_back());
  REQUIRE(history.can_go_forward());
  CHECK(history.forward() == Spot{{1, 70}, "walk"});
}

TEST_CASE("a new jump forgets the way forward, and the list has an end") {
  History history;
  for (trapline::u64 i = 0; i < 2 * History::longest; ++i) history.jump({{0, i}, ""});
  history.back();
  history.back();
  history.jump({{0, 9999}, ""});
  CHECK_FALSE(history.can_go_forward());
  std::size_t steps = 0;
  while (history.can_go_back()) history.back(), ++steps;
  CHECK(steps < History::longest);
}
