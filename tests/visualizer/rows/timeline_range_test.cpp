// The range's rules at chosen places, and its bounds at any.
#include "visualizer/rows/timeline_range.h"

#include <doctest/doctest.h>

#include "trace/builders.h"

namespace trapline::window {
namespace {

TEST_CASE("the whole run fits, an empty one too") {
  CHECK(TimelineRange::fit(1000) == TimelineRange{0, 1000});
  CHECK(TimelineRange::fit(0) == TimelineRange{0, 1});
  CHECK(TimelineRange::fit(~0ULL) == TimelineRange{0, ~0ULL});
}

TEST_CASE("zooming keeps what is under the mouse where it is") {
  const TimelineRange in = TimelineRange{0, 1000}.zoomed(Zoom::in, 1, 500, 1000);
  CHECK(in == TimelineRange{100, 900});
  CHECK(TimelineRange{0, 1000}.zoomed(Zoom::in, 1, 0, 1000) == TimelineRange{0, 800});
  CHECK(TimelineRange{0, 1000}.zoomed(Zoom::in, 1, 1000, 1000) == TimelineRange{200, 1000});
  CHECK(in.zoomed(Zoom::out, 1, 500, 1000) == TimelineRange{0, 1000});
  // To single events and no further.
  CHECK(TimelineRange{0, 1'000'000}.zoomed(Zoom::in, 100, 777, 1'000'000).span() == TimelineRange::least);
  CHECK(TimelineRange{0, 1'000'000}.zoomed(Zoom::in, 100, 777, 1'000'000).holds(777));
}

TEST_CASE("panning stops at both ends") {
  const TimelineRange range{400, 600};
  CHECK(range.panned(500, 1000) == TimelineRange{500, 700});
  CHECK(range.panned(-500, 1000) == TimelineRange{300, 500});
  CHECK(range.panned(-9000, 1000) == TimelineRange{0, 200});
  CHECK(range.panned(9000, 1000) == TimelineRange{800, 1000});
  CHECK(range.moved_to(950, 1000) == TimelineRange{800, 1000});
}

TEST_CASE("what leaves the picture comes to its middle") {
  const TimelineRange range{400, 600};
  CHECK(range.keep_in_sight(400, 1000) == range);
  CHECK(range.keep_in_sight(599, 1000) == range);
  CHECK(range.keep_in_sight(600, 1000) == TimelineRange{500, 700});
  CHECK(range.keep_in_sight(399, 1000) == TimelineRange{299, 499});
  CHECK(range.keep_in_sight(3, 1000) == TimelineRange{0, 200});
}

TEST_CASE("a slice is shown with a little on both sides") {
  CHECK(TimelineRange{400, 500}.around(1000) == TimelineRange{390, 510});
  CHECK(TimelineRange{0, 100}.around(1000).from == 0);
  CHECK(TimelineRange{500, 501}.around(1000).span() >= TimelineRange::least);
  CHECK(TimelineRange{500, 501}.around(1000).holds(500));
}

TEST_CASE("numbers on an axis are round and far enough from each other") {
  CHECK(axis_ticks({0, 1000}, 1000, 100) == std::vector<u64>{0, 100, 200, 300, 400, 500, 600, 700, 800, 900});
  CHECK(axis_ticks({95, 131}, 400, 100) == std::vector<u64>{100, 110, 120, 130});
  CHECK(axis_ticks({0, 0}, 400, 100).empty());
  CHECK(axis_ticks({0, ~0ULL}, 400, 100).size() <= 4);
}

TEST_CASE("no range leaves its axis") {
  trace::test::Random random{11};
  for (int i = 0; i < 20'000; ++i) {
    const u64 end = random.next() >> random.below(64);
    const TimelineRange start{random.next() >> random.below(64), random.next() >> random.below(64)};
    const u64 place = random.next() >> random.below(64);
    const TimelineRange within = start.within(end);
    const Zoom zoom = random.below(2) == 0 ? Zoom::in : Zoom::out;
    const TimelineRange all[] = {within,
                                 start.around(end),
                                 start.zoomed(zoom, static_cast<unsigned>(random.below(9)), place, end),
                                 within.panned(static_cast<i64>(random.below(4000)) - 2000, end),
                                 within.moved_to(place, end),
                                 within.keep_in_sight(place, end)};
    for (const TimelineRange& range : all) {
      CHECK(range.from < range.to);
      CHECK(range.to <= std::max<u64>(end, 1));
      CHECK(range.span() >= std::min<u64>(TimelineRange::least, std::max<u64>(end, 1)));
      CHECK(axis_ticks(range, 1260, 90).size() <= 14);
    }
    if (place < end) CHECK(within.keep_in_sight(place, end).holds(place));
  }
}

}  // namespace
}  // namespace trapline::window
