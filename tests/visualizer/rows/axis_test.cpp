// Axes: positions never fall, the event at a position is found again, and lanes are aligned on what they did.
#include <doctest/doctest.h>

#include "lanes.h"

namespace trapline::window {
namespace {

std::vector<std::unique_ptr<test::Lane>> three_lanes(u64 seed) {
  std::vector<std::unique_ptr<test::Lane>> lanes;
  lanes.push_back(test::make_lane(seed, 900, 5, 7));
  lanes.push_back(test::make_lane(seed + 1, 400, 40, 9));
  lanes.push_back(test::make_lane(seed + 2, 1500, 0, 7));
  return lanes;
}

}  // namespace

TEST_CASE("positions never fall, and reaching() is their inverse") {
  for (const u64 seed : {100U, 200U, 300U}) {
    const auto lanes = three_lanes(seed);
    for (const AxisKind kind : test::every_axis) {
      CAPTURE(seed);
      CAPTURE(static_cast<int>(kind));
      const Axis axis(kind, test::indexes(lanes));
      test::Random random{seed};
      for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
        std::vector<u64> positions;
        for (u64 sequence = 0; sequence < lanes[lane]->trace.end(); ++sequence)
          positions.push_back(axis.position(lane, sequence));
        REQUIRE(std::is_sorted(positions.begin(), positions.end()));
        CHECK(positions.back() < axis.lane_end(lane));
        CHECK(axis.lane_end(lane) <= axis.end());
        for (int round = 0; round < 400; ++round) {
          const u64 position = round == 0 ? 0 : random.below(axis.end() + 2);
          const auto found = std::lower_bound(positions.begin(), positions.end(), position);
          REQUIRE(axis.reaching(lane, position) == static_cast<u64>(found - positions.begin()));
        }
      }
    }
  }
}

TEST_CASE("on the axis of actions every begin marker that all lanes have stands at one place") {
  const auto lanes = three_lanes(400);
  const Axis axis(AxisKind::actions, test::indexes(lanes));
  CHECK(axis.anchors() == 7);
  for (const trace::ActionBegin& begin : lanes[0]->index->slices().begins()) {
    std::vector<u64> places;
    for (std::size_t lane = 0; lane < lanes.size(); ++lane)
      for (const trace::ActionBegin& other : lanes[lane]->index->slices().begins())
        if (other.action == begin.action && other.ordinal == begin.ordinal)
          places.push_back(axis.position(lane, other.sequence));
    REQUIRE(places.size() == 3);
    CHECK(places[0] == places[1]);
    CHECK(places[0] == places[2]);
  }
}

TEST_CASE("a stretch between two actions is as wide as the widest lane's") {
  std::vector<std::unique_ptr<test::Lane>> lanes;
  for (const u64 width : {10U, 30U}) {
    auto lane = std::make_unique<test::Lane>();
    trace::Bus bus(trace::Level::exits, lane->trace);
    const auto marker = [&](u64 tick, u32 ordinal) {
      bus.stamp().tick = tick;
      bus.emit(trace::Marker{1, 0, ordinal});
    };
    marker(5, 1);
    marker(5 + width / 2, 50 + static_cast<u32>(width));  // only this lane has it
    marker(5 + width, 2);
    marker(5 + width + 7, 90 + static_cast<u32>(width));
    bus.flush();
    lane->read();
    lanes.push_back(std::move(lane));
  }
  const Axis axis(AxisKind::actions, test::indexes(lanes));
  CHECK(axis.anchors() == 2);
  const auto places = [&](std::size_t lane) {
    std::vector<u64> result;
    for (u64 i = 0; i < 4; ++i) result.push_back(axis.position(lane, i));
    return result;
  };
  CHECK(places(0) == std::vector<u64>{5, 20, 35, 42});
  CHECK(places(1) == std::vector<u64>{5, 20, 35, 42});
}

TEST_CASE("a lane whose metal cannot count has no place among retired instructions") {
  std::vector<std::unique_ptr<test::Lane>> lanes;
  lanes.push_back(test::make_lane(500, 300, 5, 2));
  lanes.push_back(test::make_lane(501, 300, 5, 2, test::Counting::unknown));
  const Axis axis(AxisKind::retired, test::indexes(lanes));
  CHECK(axis.places(0));
  CHECK(!axis.places(1));
  CHECK(axis.end() == axis.lane_end(0));
  CHECK(Axis(AxisKind::ticks, test::indexes(lanes)).places(1));
}

TEST_CASE("an axis of nothing, and of lanes without events, ends at once") {
  for (const AxisKind kind : test::every_axis) {
    CHECK(Axis(kind, {}).end() == 0);
    test::Lane empty;
    empty.read();
    const Axis axis(kind, {empty.index.get()});
    CHECK(axis.end() == 0);
    CHECK(axis.reaching(0, 10) == 0);
  }
}

}  // namespace trapline::window
