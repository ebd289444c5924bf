// A fold from any copy, in any order of questions, equals the fold from the first event.
#include "visualizer/model/fold_cache.h"

#include <doctest/doctest.h>
#include <random>

#include "tests/visualizer/rows/made_lane.h"
#include "views/fold.h"

using namespace trapline;
using namespace trapline::window;

namespace {

// Order matters in it, and so does every event.
struct Sum {
  u64 value = 0;
  static trace::KindSet kinds(const trace::EventSource& source) { return source.kinds<trace::Marker>(); }
  void add(const trace::RecordedEvent& event) { value = value * 31 + event.sequence() + 1; }
};

}  // namespace

TEST_CASE("the state at any moment is the same whatever was asked before") {
  MadeLane made;
  for (u32 i = 0; i < 200'000; ++i)
    if (i % 3 == 0)
      made.emit(trace::Marker{1, 0, i});
    else
      made.emit(trace::Console{'x'});
  const auto lane = made.lane();
  FoldCache<Sum> cache;
  std::mt19937 random(5);
  for (int i = 0; i < 60; ++i) {
    const u64 end = random() % 200'001;
    const Sum* const state = cache.at(lane->source(), end, Interrupt());
    REQUIRE(state != nullptr);
    CHECK(state->value == views::folded<Sum>(lane->source(), end).value);
  }
}

TEST_CASE("an interrupted fold gives nothing, and the next one goes on from what is left of it") {
  MadeLane made;
  for (u32 i = 0; i < 40'000; ++i) made.emit(trace::Marker{1, 0, i});
  const auto lane = made.lane();
  FoldCache<Sum> cache;
  std::atomic<bool> stop{true};
  CHECK(cache.at(lane->source(), 40'000, Interrupt(&stop)) == nullptr);
  stop = false;
  const Sum* const state = cache.at(lane->source(), 40'000, Interrupt(&stop));
  REQUIRE(state != nullptr);
  CHECK(state->value == views::folded<Sum>(lane->source()).value);
}

TEST_CASE("a moment behind the end of the trace is the end") {
  MadeLane made;
  for (u32 i = 0; i < 10; ++i) made.emit(trace::Marker{1, 0, i});
  const auto lane = made.lane();
  FoldCache<Sum> cache;
  const Sum* const state = cache.at(lane->source(), ~0ULL, Interrupt());
  REQUIRE(state != nullptr);
  CHECK(state->value == views::folded<Sum>(lane->source()).value);
}
