#include "visualizer/model/desk.h"

#include <doctest/doctest.h>
#include <thread>

#include "tests/visualizer/rows/made_lane.h"

using namespace trapline;
using namespace trapline::window;

namespace {

std::unique_ptr<LaneSet> one_lane() {
  MadeLane made;
  made.emit(trace::Console{'x'});
  return std::make_unique<LaneSet>(made.lanes());
}

u64 position(LaneSet&, const Question& question, const Interrupt&) { return question.at.sequence; }

Question at(u64 sequence) { return {.at = {0, sequence}}; }

}  // namespace

TEST_CASE("a desk that answers at once has the answer in the same frame") {
  Desk desk(one_lane(), Desk::Mode::at_once);
  Asked<u64> asked;
  const u64* answer = asked.of(desk, at(7), position);
  REQUIRE(answer != nullptr);
  CHECK(*answer == 7);
  CHECK(asked.current());
}

TEST_CASE("the last answer stays until the next one is there, and the last question wins") {
  Desk desk(one_lane(), Desk::Mode::threaded);
  Asked<u64> asked;
  asked.of(desk, at(1), position);
  desk.settle();
  REQUIRE(asked.of(desk, at(1), position) != nullptr);
  for (u64 i = 2; i < 500; ++i) {
    const u64* const answer = asked.of(desk, at(i), position);
    REQUIRE(answer != nullptr);
    CHECK(*answer <= i);
  }
  desk.settle();
  CHECK(*asked.of(desk, at(499), position) == 499);
  CHECK(asked.current());
}

TEST_CASE("a newer question interrupts the work on an older one") {
  Desk desk(one_lane(), Desk::Mode::threaded);
  Asked<u64> asked;
  const auto endless_at_1 = [](LaneSet&, const Question& question, const Interrupt& interrupt) {
    while (question.at.sequence == 1 && !interrupt) std::this_thread::yield();
    return question.at.sequence;
  };
  asked.of(desk, at(1), endless_at_1);
  while (!desk.busy()) std::this_thread::yield();
  asked.of(desk, at(2), endless_at_1);
  desk.settle();
  CHECK(*asked.of(desk, at(2), endless_at_1) == 2);
}

TEST_CASE("a view may go away while its question is being answered") {
  Desk desk(one_lane(), Desk::Mode::threaded);
  {
    Asked<u64> asked;
    asked.of(desk, at(1), [](LaneSet&, const Question&, const Interrupt& interrupt) {
      while (!interrupt) std::this_thread::yield();
      return u64{1};
    });
  }
  desk.settle();
  CHECK_FALSE(desk.busy());
}
