// What the maker answers: the range that was asked for in words, every lane's cursor, hits, and what grows meanwhile.
#include "visualizer/rows/timeline_picture.h"

#include <doctest/doctest.h>

#include "made_lane.h"

namespace trapline::window {
namespace {

// An exit every ten events, three events long; `slower` ticks an event; actions 1 to 4 with a fifth of the run each.
std::unique_ptr<Lane> some_lane(u64 events, u64 slower) {
  MadeLane made;
  made.header(trace::Technique::hardware);
  for (u64 i = 1; i < events; ++i) {
    made.bus.stamp().tick = made.bus.stamp().tick + slower;
    made.bus.stamp().cause = i % 10 < 3 ? i / 10 + 1 : 0;
    if (i % 10 == 0)
      made.emit(trace::VmExit{.reason = 12});
    else if (i % 10 == 2)
      made.emit(trace::VmEntry{});
    else if (i % (events / 5) == 5)
      made.emit(trace::Marker{static_cast<u8>(i / (events / 5) + 1), 0, 1});
    else
      made.emit(trace::Console{65});
  }
  return made.lane();
}

LaneSet two_lanes() {
  std::vector<std::unique_ptr<Lane>> lanes;
  lanes.push_back(some_lane(1000, 1));
  lanes.push_back(some_lane(1000, 4));
  return LaneSet(std::move(lanes));
}

void build(LaneSet& lanes) {
  for (std::size_t i = 0; i < lanes.size(); ++i)
    while (lanes.at(i)->index().advance(1)) {
    }
}

TimelineAsk asked(AxisKind axis, TimelineAsk::Show show, u64 from = 0, u64 to = 0) {
  TimelineAsk ask{.axis = axis, .show = show, .from = from, .to = to, .columns = 1000, .map_columns = 500};
  ask.positions = {0, 0};
  return ask;
}

TEST_CASE("the whole run, and every lane's cursor in it") {
  LaneSet lanes = two_lanes();
  build(lanes);
  TimelineMaker maker;
  TimelineAsk ask = asked(AxisKind::events, TimelineAsk::Show::all);
  ask.positions = {500, 250};
  const TimelinePicture picture = maker.make(lanes, ask, Interrupt());
  CHECK(picture.whole());
  CHECK(picture.end == 1000);
  CHECK(picture.range == TimelineRange{0, 1000});
  CHECK(picture.lanes[0].cursor == 500);
  CHECK(picture.lanes[1].cursor == 250);
  CHECK(picture.map_cursors == std::vector<int>{250, 125});
  CHECK(picture.window.left == 0);
  CHECK(picture.window.right == 500);
  CHECK(picture.lanes[0].has(trace::Track::exits));
  CHECK(picture.lanes[0].has(trace::Track::actions_0));
  CHECK_FALSE(picture.lanes[0].has(trace::Track::walks));
  CHECK(picture.lanes[0].gaps.empty());
}

TEST_CASE("a lane ends at its horizon, wherever the range lies") {
  LaneSet lanes = two_lanes();
  build(lanes);
  TimelineMaker maker;
  trace::Hits* const hits = lanes.at(0)->hits("vm_exit");
  while (hits->advance(1)) {
  }
  const auto horizon = [&](u64 from, u64 to) {
    TimelineAsk ask = asked(AxisKind::events, TimelineAsk::Show::positions, from, to);
    ask.horizons = {400, no_horizon};
    ask.filter = "vm_exit";
    const TimelinePicture picture = maker.make(lanes, ask, Interrupt());
    CHECK_FALSE(picture.lanes[1].horizon);
    CHECK(picture.lanes[0].hits == hits->count_before(400));
    CHECK(picture.lanes[0].hits < hits->count());
    return picture.lanes[0].horizon;
  };
  CHECK(horizon(0, 1000) == 400);
  CHECK(horizon(400, 800) == 0);
  CHECK(horizon(600, 800) == 0);
  CHECK_FALSE(horizon(0, 400));
}

TEST_CASE("lanes are aligned on actions though one is slower") {
  LaneSet lanes = two_lanes();
  build(lanes);
  TimelineMaker maker;
  TimelineAsk ask = asked(AxisKind::actions, TimelineAsk::Show::all);
  ask.positions = {605, 605};  // the fourth marker in both
  TimelinePicture picture = maker.make(lanes, ask, Interrupt());
  CHECK(picture.anchors == 5);
  REQUIRE(picture.lanes[0].cursor);
  CHECK(picture.lanes[0].cursor == picture.lanes[1].cursor);
  ask.axis = AxisKind::ticks;
  picture = maker.make(lanes, ask, Interrupt());
  CHECK(*picture.lanes[1].cursor > *picture.lanes[0].cursor * 3);
}

TEST_CASE("events, a stop and a cursor out of sight become positions") {
  LaneSet lanes = two_lanes();
  build(lanes);
  TimelineMaker maker;
  CHECK(maker.make(lanes, asked(AxisKind::events, TimelineAsk::Show::events, 400, 499), Interrupt()).range ==
        TimelineRange{390, 510});
  TimelineAsk ask = asked(AxisKind::events, TimelineAsk::Show::stop);
  ask.at = {0, 305};
  TimelineRange range = maker.make(lanes, ask, Interrupt()).range;
  CHECK(range.holds(300));
  CHECK(range.holds(302));
  CHECK(range.span() < 12);
  ask = asked(AxisKind::events, TimelineAsk::Show::follow, 100, 200);
  ask.at = {0, 150};
  CHECK(maker.make(lanes, ask, Interrupt()).range == TimelineRange{100, 200});
  ask.at = {0, 400};
  CHECK(maker.make(lanes, ask, Interrupt()).range == TimelineRange{350, 450});
}

TEST_CASE("a position leads to its event, beyond the end to the last") {
  LaneSet lanes = two_lanes();
  build(lanes);
  TimelineMaker maker;
  TimelineAsk ask = asked(AxisKind::ticks, TimelineAsk::Show::all);
  ask.probe = {1, 400};
  CHECK(maker.make(lanes, ask, Interrupt()).probed == 100);
  ask.probe = {0, 99'999};
  CHECK(maker.make(lanes, ask, Interrupt()).probed == 999);
  ask.probe = {7, 0};
  CHECK_FALSE(maker.make(lanes, ask, Interrupt()).probed);
}

TEST_CASE("what is found by a filter is counted, once it has been looked for") {
  LaneSet lanes = two_lanes();
  build(lanes);
  TimelineMaker maker;
  TimelineAsk ask = asked(AxisKind::events, TimelineAsk::Show::all);
  ask.filter = "vm_exit";
  TimelinePicture picture = maker.make(lanes, ask, Interrupt());
  CHECK(picture.lanes[0].filtered);
  CHECK_FALSE(picture.lanes[0].hits_whole);
  while (lanes.at(0)->hits("vm_exit")->advance(1)) {
  }
  picture = maker.make(lanes, ask, Interrupt());
  CHECK(picture.lanes[0].hits_whole);
  CHECK(picture.lanes[0].hits == 99);
  CHECK_FALSE(picture.rows.lanes[0].hits.empty());
  ask.filter = "no such kind ==";
  CHECK_FALSE(maker.make(lanes, ask, Interrupt()).lanes[0].filtered);
}

TEST_CASE("an index that grows is seen by the next answer") {
  LaneSet lanes = two_lanes();
  TimelineMaker maker;
  const TimelineAsk ask = asked(AxisKind::ticks, TimelineAsk::Show::all);
  TimelinePicture picture = maker.make(lanes, ask, Interrupt());
  CHECK_FALSE(picture.whole());
  CHECK(picture.rows.lanes[0].trouble == LaneTrouble::not_read);
  build(lanes);
  picture = maker.make(lanes, ask, Interrupt());
  CHECK(picture.whole());
  CHECK(picture.rows.lanes[0].trouble == LaneTrouble::none);
  CHECK(picture.end == 999 * 4 + 1);
}

TEST_CASE("lanes that cannot be read, no lanes, and a cursor nowhere") {
  LaneSet gone(std::vector<std::string>{"/nowhere/a.trap", "/nowhere/b.trap"});
  TimelineMaker maker;
  for (const AxisKind axis : {AxisKind::events, AxisKind::ticks, AxisKind::retired, AxisKind::actions}) {
    for (const auto show : {TimelineAsk::Show::all, TimelineAsk::Show::positions, TimelineAsk::Show::events,
                            TimelineAsk::Show::stop, TimelineAsk::Show::follow}) {
      TimelineAsk ask = asked(axis, show, 5, ~0ULL);
      ask.at = {1, ~0ULL};
      ask.positions = {~0ULL, ~0ULL};
      const TimelinePicture picture = maker.make(gone, ask, Interrupt());
      CHECK(picture.lanes.size() == 2);
      CHECK(picture.range.to >= picture.range.from);
    }
  }
  TimelineMaker other;
  LaneSet none(std::vector<std::string>{});
  CHECK(other.make(none, asked(AxisKind::events, TimelineAsk::Show::all), Interrupt()).lanes.empty());
}

TEST_CASE("the same question has the same text, another one another") {
  TimelineAsk ask = asked(AxisKind::events, TimelineAsk::Show::all);
  const std::string text = ask.text();
  CHECK(text == asked(AxisKind::events, TimelineAsk::Show::all).text());
  ask.positions[1] = 7;
  CHECK(ask.text() != text);
  ask.positions[1] = 0;
  ask.probe = {0, 0};
  CHECK(ask.text() != text);
}

}  // namespace
}  // namespace trapline::window
