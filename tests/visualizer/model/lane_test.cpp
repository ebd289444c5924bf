// Who a lane is, from its first and last events; and the index and the hits that it keeps.
#include "visualizer/model/lane.h"

#include <doctest/doctest.h>

#include "tests/visualizer/rows/made_lane.h"

using namespace trapline;
using namespace trapline::window;

TEST_CASE("a lane's facts are those of its header and its end") {
  MadeLane made;
  made.header(trace::Technique::para, trace::MetalKind::kvm);
  made.emit(trace::Console{'x'});
  made.emit(trace::RunEnd{static_cast<u8>(trace::Outcome::finished), 7});
  const auto lane = made.lane();
  CHECK(lane->facts().title == "para on kvm");
  CHECK(lane->facts().guest == "made");
  CHECK(lane->facts().on_kvm());
  CHECK(lane->facts().technique_is(trace::Technique::para));
  CHECK(lane->facts().events == 3);
  REQUIRE(lane->facts().end);
  CHECK(lane->facts().end->exit_code == 7);
}

TEST_CASE("a lane without header and without events says what it can") {
  MadeLane made;
  const auto lane = made.lane("cut");
  CHECK(lane->facts().title == "cut");
  CHECK(lane->facts().events == 0);
  CHECK_FALSE(lane->facts().header);
  CHECK_FALSE(lane->facts().records(trace::Level::exits));
  CHECK(lane->index_to(0, Interrupt()));
}

TEST_CASE("hits are those of the filter asked for last; a wrong filter and none find nothing") {
  MadeLane made;
  for (int i = 0; i < 10; ++i) made.emit(trace::Console{static_cast<u8>(i)});
  const auto lane = made.lane();
  CHECK(lane->hits("") == nullptr);
  CHECK(lane->hits("console.byte ==") == nullptr);
  trace::Hits* const hits = lane->hits("console.byte < 4");
  REQUIRE(hits != nullptr);
  while (hits->advance(1)) {
  }
  CHECK(hits->count() == 4);
  CHECK(lane->hits("console.byte < 4") == hits);
}

TEST_CASE("a file that is no trace is an error, and a set holds nothing in its place") {
  CHECK_FALSE(Lane::open("/nonexistent.trap"));
  LaneSet lanes(std::vector<std::string>{"/nonexistent.trap"});
  CHECK(lanes.at(0) == nullptr);
  CHECK(lanes.at(5) == nullptr);
}

TEST_CASE("lanes of one title are told apart by their files' names") {
  std::vector<std::unique_ptr<Lane>> lanes;
  for (const char* name : {"trapped", "listing"}) {
    MadeLane made;
    made.header(trace::Technique::full);
    lanes.push_back(made.lane(name));
  }
  MadeLane other;
  other.header(trace::Technique::para);
  lanes.push_back(other.lane("third"));
  tell_apart(lanes);
  CHECK(lanes[0]->facts().title == "trapped: full on soft");
  CHECK(lanes[1]->facts().title == "listing: full on soft");
  CHECK(lanes[2]->facts().title == "para on soft");
}
