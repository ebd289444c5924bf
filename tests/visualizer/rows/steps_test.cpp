// Steps against what a look at every event says.
#include "visualizer/rows/steps.h"

#include <doctest/doctest.h>
#include <random>

#include "tests/visualizer/rows/made_lane.h"
#include "visualizer/rows/cursor_rows.h"
#include "visualizer/rows/events_rows.h"

using namespace trapline;
using namespace trapline::window;

namespace {

void make_run(MadeLane& made, int events = 3000) {
  made.header(trace::Technique::full);
  std::mt19937 random(3);
  for (int i = 0; i < events; ++i) {
    made.bus.stamp().tick += random() % 10;
    made.bus.stamp().retired += random() % 3 == 0 ? 1 : 0;
    switch (random() % 4) {
      case 0:
        made.emit(trace::Trap{0, static_cast<u8>(random() % 15), 0, 0, 0x1000});
        break;
      case 1:
        made.emit(trace::Marker{1, static_cast<u8>(random() % 2), static_cast<u32>(i)});
        break;
      default:
        made.emit(trace::Console{static_cast<u8>(i)});
    }
  }
}

std::optional<u64> stepped(LaneSet& lanes, u64 from, StepKind kind, Direction direction, std::string filter = {}) {
  const StepRows rows = step(lanes, {.at = {0, from}, .about = std::move(filter)}, kind, direction, Interrupt());
  REQUIRE(rows.done);
  return rows.to;
}

// The first event from `from` on in a direction that `holds`.
template <typename Holds>
std::optional<u64> looked_for(const trace::EventSource& source, u64 from, Direction direction, Holds holds) {
  if (direction == Direction::forward) {
    for (u64 i = from + 1; i < source.end(); ++i)
      if (holds(*source.at(i))) return i;
  } else {
    for (u64 i = from; i-- > 0;)
      if (holds(*source.at(i))) return i;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("steps to stops, markers and hits lead where a look at every event leads") {
  MadeLane made;
  make_run(made);
  LaneSet lanes = made.lanes();
  const trace::EventSource& source = lanes.at(0)->source();
  for (u64 from = 0; from < source.end(); from += 97)
    for (const Direction direction : {Direction::back, Direction::forward}) {
      CAPTURE(from);
      CHECK(stepped(lanes, from, StepKind::stop, direction) ==
            looked_for(source, from, direction, [](const auto& event) { return event.template is<trace::Trap>(); }));
      CHECK(stepped(lanes, from, StepKind::marker, direction) ==
            looked_for(source, from, direction, [](const auto& event) { return event.template is<trace::Marker>(); }));
      CHECK(stepped(lanes, from, StepKind::hit, direction, "console.byte == 0x10") ==
            looked_for(source, from, direction, [](const auto& event) {
              const auto console = event.template as<trace::Console>();
              return console && console->byte == 0x10;
            }));
      CHECK(stepped(lanes, from, StepKind::event, direction) ==
            looked_for(source, from, direction, [](const auto&) { return true; }));
    }
}

TEST_CASE("an instruction's step goes to the first event of another retired count") {
  MadeLane made;
  make_run(made);
  LaneSet lanes = made.lanes();
  const trace::EventSource& source = lanes.at(0)->source();
  const auto retired = [&](u64 at) { return source.at(at)->stamp().retired; };
  for (u64 from = 0; from < source.end(); from += 41) {
    const auto next = stepped(lanes, from, StepKind::instruction, Direction::forward);
    if (next) {
      CHECK(retired(*next) > retired(from));
      CHECK(retired(*next - 1) == retired(from));
    }
    const auto back = stepped(lanes, from, StepKind::instruction, Direction::back);
    if (back) {
      CHECK(retired(*back) < retired(from));
      CHECK((*back == 0 || retired(*back - 1) < retired(*back)));
    } else {
      CHECK(retired(from) == retired(0));
    }
  }
}

TEST_CASE("where no instruction is counted and nothing is filtered, steps say so or take every event") {
  MadeLane made;
  made.bus.stamp().retired = trace::unknown_number;
  for (int i = 0; i < 9; ++i) made.emit(trace::Console{'x'});
  LaneSet lanes = made.lanes();
  CHECK_FALSE(stepped(lanes, 4, StepKind::instruction, Direction::forward));
  CHECK_FALSE(stepped(lanes, 4, StepKind::stop, Direction::forward));
  CHECK(stepped(lanes, 4, StepKind::hit, Direction::forward) == 5);
  CHECK_FALSE(stepped(lanes, 4, StepKind::hit, Direction::forward, "this is no filter"));
  CHECK_FALSE(stepped(lanes, 8, StepKind::event, Direction::forward));
  CHECK_FALSE(stepped(lanes, 0, StepKind::event, Direction::back));
}

TEST_CASE("a page of events begins where it is asked to, and is full also at the end") {
  MadeLane made;
  make_run(made, 500);
  LaneSet lanes = made.lanes();
  const EventPage page = events_page(lanes, {.at = {0, 0}, .first = 100, .second = 30}, Interrupt());
  REQUIRE(page.rows.size() == 30);
  CHECK(page.rows.front().sequence == 100);
  CHECK(page.rows.back().sequence == 129);
  CHECK(events_page(lanes, {.first = 495, .second = 30}, Interrupt()).rows.front().sequence == 501 - 30);
  CHECK(events_page(lanes, {.first = 0, .second = 100'000}, Interrupt()).rows.size() == 200);
}

TEST_CASE("a filtered page holds hits alone, and a wrong filter all events and a sentence") {
  MadeLane made;
  make_run(made);
  LaneSet lanes = made.lanes();
  const EventPage page = events_page(lanes, {.first = 1000, .second = 40, .about = "trap"}, Interrupt());
  CHECK(page.filtered);
  REQUIRE(page.rows.size() == 40);
  for (const EventLine& row : page.rows) {
    CHECK(row.kind == "trap");
    CHECK(row.stop);
    CHECK(row.sequence >= 1000);
  }
  u64 before = 0;
  for (u64 i = 0; i < page.rows.front().sequence; ++i)
    before += lanes.at(0)->source().at(i)->is<trace::Trap>() ? 1U : 0U;
  CHECK(page.hits_before == before);
  const EventPage last = events_page(lanes, {.first = 3000, .second = 40, .about = "trap"}, Interrupt());
  CHECK(last.rows.size() == 40);
  CHECK(last.hits == lanes.at(0)->source().count_of("trap"));
  CHECK_FALSE(events_page(lanes, {.second = 5, .about = "trap and"}, Interrupt()).trouble.empty());
}

TEST_CASE("a page ends before the horizon, filtered or not, and says so") {
  MadeLane made;
  make_run(made, 500);
  LaneSet lanes = made.lanes();
  const auto page = [&](u64 first, const char* filter) {
    return events_page(lanes, {.first = first, .second = 30, .about = filter, .horizon = 200}, Interrupt());
  };
  CHECK_FALSE(page(100, "").ends_early);
  CHECK(page(100, "").rows.size() == 30);
  CHECK_FALSE(page(0, "trap").ends_early);
  for (const u64 first : {180U, 200U, 300U, 5000U}) {
    CAPTURE(first);
    const EventPage all = page(first, "");
    CHECK(all.ends_early);
    REQUIRE(all.rows.size() >= 20);
    CHECK(all.rows.back().sequence == 199);
    const EventPage traps = page(first, "trap");
    CHECK(traps.ends_early);
    REQUIRE(traps.rows.size() >= 20);
    CHECK(traps.rows.back().sequence < 200);
    u64 before = 0;
    for (u64 i = 0; i < 200; ++i) before += lanes.at(0)->source().at(i)->is<trace::Trap>() ? 1U : 0U;
    CHECK(traps.hits == before);
  }
  CHECK(events_page(lanes, {.second = 30, .horizon = 0}, Interrupt()).rows.empty());
  CHECK_FALSE(events_page(lanes, {.first = 480, .second = 30, .horizon = 501}, Interrupt()).ends_early);
}

TEST_CASE("the cursor's rows count stops and tell the innermost action") {
  MadeLane made;
  made.emit(trace::Marker{1, 0, 1});
  made.emit(trace::Trap{});
  made.emit(trace::Marker{2, 0, 7});
  made.emit(trace::Trap{});
  made.emit(trace::Marker{2, 1, 7});
  made.emit(trace::Trap{});
  made.emit(trace::Marker{1, 1, 1});
  made.emit(trace::Trap{});
  LaneSet lanes = made.lanes();
  while (lanes.at(0)->index().advance(1)) {
  }
  const auto action_at = [&](u64 at) { return cursor_rows(lanes, {.at = {0, at}}, Interrupt()); };
  CHECK(action_at(3).action == std::string(trace::name_of(trace::Action{2})) + " 7");
  CHECK(action_at(3).stop.k == 2);
  CHECK(action_at(3).stop.n == 4);
  CHECK(action_at(5).action == std::string(trace::name_of(trace::Action{1})) + " 1");
  CHECK(action_at(7).action.empty());
  CHECK(action_at(0).stop.k == 0);
}

TEST_CASE("the same action is found in every lane that has begun it") {
  MadeLane first, second;
  first.emit(trace::Marker{3, 0, 1});
  first.emit(trace::Console{'x'});
  first.emit(trace::Marker{3, 0, 2});
  second.emit(trace::Console{'x'});
  second.emit(trace::Marker{3, 0, 2});
  std::vector<std::unique_ptr<Lane>> list;
  list.push_back(first.lane());
  list.push_back(second.lane());
  LaneSet lanes(std::move(list));
  for (std::size_t lane = 0; lane < 2; ++lane)
    while (lanes.at(lane)->index().advance(1)) {
    }
  const ActionsRows rows = actions_rows(lanes, {}, Interrupt());
  REQUIRE(rows.at(0, 2) != nullptr);
  CHECK(rows.at(0, 1)->ordinal == 1);
  CHECK(rows.at(0, 2)->ordinal == 2);
  CHECK(rows.same(1, *rows.at(0, 2))->sequence == 1);
  CHECK(rows.same(1, *rows.at(0, 1)) == nullptr);
  CHECK(rows.at(1, 0) == nullptr);
}
