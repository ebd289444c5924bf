#include "visualizer/rows/compare_rows.h"

#include <doctest/doctest.h>

#include "spec/vectors.h"
#include "tests/visualizer/rows/made_lane.h"

using namespace trapline;
using namespace trapline::window;
using compare::Knowledge;
using compare::Measure;

namespace {

constexpr u8 load = static_cast<u8>(trace::Action::address_space);

// Two CR3 loads, the first of `first` cycles and two stops, the second of `second` cycles and one.
void load_twice(MadeLane& made, const trace::Trap& trap, u64 first, u64 second) {
  made.emit(trace::Marker{load, 0, 1});
  made.emit(trap);
  made.emit(trap);
  made.bus.stamp().tick += first;
  made.emit(trace::Marker{load, 1, 1});
  made.emit(trace::Marker{load, 0, 2});
  made.emit(trap);
  made.bus.stamp().tick += second;
  made.emit(trace::Marker{load, 1, 2});
  for (const char letter : std::string_view("fact: same\n")) made.emit(trace::Console{static_cast<u8>(letter)});
  made.emit(trace::RunEnd{static_cast<u8>(trace::Outcome::finished), 0});
}

std::unique_ptr<Lane> lane_of(trace::Technique technique, u64 first, u64 second,
                              trace::MetalKind metal = trace::MetalKind::soft) {
  MadeLane made;
  made.header(technique, metal);
  trace::Trap trap;
  trap.vector = static_cast<u8>(spec::Vector::GP);
  load_twice(made, trap, first, second);
  return made.lane(std::string(trace::name_of(technique)));
}

LaneSet set_of(std::unique_ptr<Lane> left, std::unique_ptr<Lane> right) {
  std::vector<std::unique_ptr<Lane>> lanes;
  lanes.push_back(std::move(left));
  lanes.push_back(std::move(right));
  return LaneSet(std::move(lanes));
}

CompareRows rows_of(LaneSet& lanes, std::size_t focus = 0, Language language = Language::english) {
  return compare_rows(lanes, {.at = {focus, 0}, .language = language}, Interrupt());
}

const CompareMeasure* measure_named(const CompareAction& action, std::string_view title) {
  for (const CompareMeasure& row : action.account)
    if (row.title == title) return &row;
  return nullptr;
}

}  // namespace

TEST_CASE("each action tells its first occurrence and its mean in every lane at once") {
  LaneSet lanes = set_of(lane_of(trace::Technique::full, 700, 300), lane_of(trace::Technique::para, 100, 60));
  const CompareRows rows = rows_of(lanes);
  REQUIRE(rows.complete);
  CHECK(rows.trouble.empty());
  CHECK(rows.digests_agree);
  REQUIRE(rows.actions.size() == 2);
  CHECK_FALSE(rows.actions[0].action);
  CHECK(rows.actions[0].sides[0].all_ticks == 1000);
  const CompareAction& action = rows.actions[1];
  CHECK(action.name == "address_space");
  CHECK(action.sides[0].first_ticks == 700);
  CHECK(action.sides[0].mean_ticks() == 500);
  CHECK(action.sides[0].stops.first == 2);
  CHECK(action.sides[0].stops.all == 3);
  CHECK(action.sides[0].first_begin == 1);
  CHECK(action.sides[1].mean_ticks() == 80);
  const CompareMeasure* const word = measure_named(action, "exception GP");
  REQUIRE(word != nullptr);
  CHECK(word->depth == 1);
  CHECK(word->cells[1].first == 2);
  CHECK(word->cells[1].all == 3);
}

TEST_CASE("the action at a moment is the one that its lane began last") {
  LaneSet lanes = set_of(lane_of(trace::Technique::full, 7, 3), lane_of(trace::Technique::para, 1, 6));
  const CompareRows rows = rows_of(lanes);
  CHECK_FALSE(rows.action_at({0, 0}));
  CHECK(rows.action_at({1, 1}) == load);
  CHECK(rows.action_at({1, 9999}) == load);
  CHECK_FALSE(rows.action_at({2, 9999}));
}

TEST_CASE("differences are told with this run's values, in both languages") {
  LaneSet lanes = set_of(lane_of(trace::Technique::full, 700, 300), lane_of(trace::Technique::para, 100, 60));
  const CompareRows english = rows_of(lanes);
  REQUIRE(english.differences.size() == 1);
  CHECK(english.differences[0].sentence ==
        "address_space (times: 2): full on soft has 6.3 times the modelled cycles of para on soft: 1,000 against 160.");
  CHECK(english.differences[0].more == 0);
  CHECK(english.differences[0].less_begin == 1);
  const CompareRows chinese = rows_of(lanes, 0, Language::chinese);
  CHECK(chinese.differences[0].sentence.find("6.3") != std::string::npos);
  CHECK(chinese.differences[0].sentence.find("模型周期数") != std::string::npos);
}

TEST_CASE("what kvm cannot tell is unknown with its reason, and so is its price") {
  LaneSet lanes = set_of(lane_of(trace::Technique::hardware, 700, 300),
                         lane_of(trace::Technique::hardware, 100, 60, trace::MetalKind::kvm));
  const CompareRows rows = rows_of(lanes);
  const CompareCell& stops = rows.actions[1].sides[1].stops;
  CHECK(stops.knowledge == Knowledge::unknown);
  CHECK_FALSE(stops.why.empty());
  const CompareMeasure* const retired = measure_named(rows.actions[0], "instructions retired");
  REQUIRE(retired != nullptr);
  CHECK(retired->cells[0].knowledge == Knowledge::counted);
  REQUIRE(rows.generations.size() == spec::generation_count);
  CHECK(rows.generations[0].prices[0].rank == 1);
}

TEST_CASE("lanes that cannot be compared leave a sentence and the account of the lane in focus") {
  MadeLane other;
  other.bus.emit_with_blob(trace::RunHeader{1, 0, 3, 99, 0}, std::as_bytes(std::span("{}", 2)));
  LaneSet lanes = set_of(lane_of(trace::Technique::full, 7, 3), other.lane("other"));
  const CompareRows rows = rows_of(lanes, 1);
  CHECK_FALSE(rows.trouble.empty());
  REQUIRE(rows.lanes.size() == 1);
  CHECK(rows.lanes[0].lane == 1);
}

TEST_CASE("an empty trace, a lane alone and an interrupt") {
  MadeLane empty;
  LaneSet none = empty.lanes();
  CHECK(rows_of(none).lanes.empty());
  MadeLane alone;
  alone.header(trace::Technique::full);
  LaneSet one = alone.lanes();
  const CompareRows rows = rows_of(one);
  CHECK(rows.trouble.empty());
  CHECK(rows.lanes.size() == 1);
  LaneSet stopped = set_of(lane_of(trace::Technique::full, 7, 3), lane_of(trace::Technique::para, 1, 6));
  const std::atomic<bool> stop = true;
  CHECK_FALSE(compare_rows(stopped, {}, Interrupt(&stop)).complete);
}
