// Idle work goes on in slices while nobody asks, and stops for whoever does.
#include <doctest/doctest.h>

#include "visualizer/model/desk.h"

using namespace trapline;
using namespace trapline::window;

namespace {

std::unique_ptr<LaneSet> none() { return std::make_unique<LaneSet>(std::vector<std::string>{}); }

}  // namespace

TEST_CASE("idle work is done to its end, in both modes") {
  for (const Desk::Mode mode : {Desk::Mode::at_once, Desk::Mode::threaded}) {
    Desk desk(none(), mode);
    auto slices = std::make_shared<int>(0);
    desk.while_idle([slices](LaneSet&) { return ++*slices < 7; });
    desk.settle();
    CHECK(*slices == 7);
    CHECK(desk.slices() == 7);
    CHECK(desk.idle_done());
  }
}

TEST_CASE("a question comes between two slices") {
  Desk desk(none(), Desk::Mode::threaded);
  std::atomic<bool> answered{false};
  desk.while_idle([&](LaneSet&) { return !answered.load(); });  // never ends unless the question gets its turn
  Asked<u64> asked;
  asked.of(desk, {}, [&](LaneSet&, const Question&, const Interrupt&) {
    answered = true;
    return u64{1};
  });
  desk.settle();
  CHECK(answered);
}
