#include "visualizer/rows/exits_rows.h"

#include <doctest/doctest.h>

#include "spec/vectors.h"
#include "tests/visualizer/rows/made_lane.h"

using namespace trapline;
using namespace trapline::window;
using views::StopGroup;

namespace {

void trap_for(MadeLane& made, u64 cause, trace::Emulated instruction) {
  made.bus.stamp().cause = cause;
  trace::Trap trap;
  trap.vector = static_cast<u8>(spec::Vector::GP);
  made.emit(trap);
  trace::Emulation emulation;
  emulation.instruction = static_cast<u16>(instruction);
  made.emit(emulation);
}

// full: three traps; hardware: two VM exits.
LaneSet two_lanes() {
  MadeLane full, hardware;
  full.header(trace::Technique::full);
  trap_for(full, 1, trace::Emulated::in);
  trap_for(full, 2, trace::Emulated::out);
  trap_for(full, 3, trace::Emulated::out);
  hardware.header(trace::Technique::hardware);
  trace::VmExit exit;
  exit.reason = 30;
  for (u64 cause = 1; cause < 3; ++cause) {
    hardware.bus.stamp().cause = cause;
    hardware.emit(exit);
    hardware.emit(trace::UserExit{0, 0, 0x3f8, trace::unknown_number});
    hardware.bus.stamp().tick += 100;
    hardware.emit(trace::VmEntry{});
  }
  std::vector<std::unique_ptr<Lane>> lanes;
  lanes.push_back(full.lane("full"));
  lanes.push_back(hardware.lane("hardware"));
  return LaneSet(std::move(lanes));
}

ExitsRows rows_of(LaneSet& lanes, std::vector<u64> positions, ExitsScope scope, ExitsLanes which) {
  return exits_rows(lanes, exits_question(0, positions, scope, which, Language::english), Interrupt());
}

const ExitsLine* line_named(const ExitsRows& rows, StopGroup group, std::string_view name) {
  for (const ExitsLine& line : rows.lines)
    if (line.group == group && line.name == name) return &line;
  return nullptr;
}

}  // namespace

TEST_CASE("the lane with the most stops is marked, and says why in one line") {
  LaneSet lanes = two_lanes();
  const ExitsRows rows = rows_of(lanes, {0, 0}, ExitsScope::whole_run, ExitsLanes::all);
  REQUIRE(rows.complete);
  REQUIRE(rows.summary.size() == 2);
  CHECK(rows.summary[0].stops == 3);
  CHECK(rows.summary[0].most);
  CHECK(rows.summary[0].why == "#GP 3 (out 2, in 1)");
  CHECK(rows.summary[1].stops == 2);
  CHECK_FALSE(rows.summary[1].most);
  CHECK(rows.summary[1].why == "IO_INSTRUCTION 2 (serial port 2)");
  const ExitsLine* const exits = line_named(rows, StopGroup::vm_exits, "IO_INSTRUCTION");
  REQUIRE(exits != nullptr);
  CHECK(exits->cells[0].count == 0);
  CHECK(exits->cells[1].count == 2);
  CHECK(exits->cells[1].cost == 200);
  CHECK(exits->cells[1].first == 1);
}

TEST_CASE("up to the cursor each lane counts up to its own position") {
  LaneSet lanes = two_lanes();
  const ExitsRows rows = rows_of(lanes, {2, 6}, ExitsScope::to_cursor, ExitsLanes::focus);
  CHECK(rows.summary[0].stops == 1);
  CHECK(rows.summary[1].stops == 2);
  REQUIRE(rows.shown == std::vector<std::size_t>{0});
  const ExitsLine* const cause = line_named(rows, StopGroup::traps, "#GP");
  REQUIRE(cause != nullptr);
  REQUIRE(cause->cells.size() == 1);
  CHECK(cause->cells[0].permille == 1000);
  CHECK(line_named(rows, StopGroup::traps, "out") == nullptr);
  CHECK(line_named(rows, StopGroup::traps, "in") != nullptr);
}

TEST_CASE("what kvm keeps to itself is unknown, not zero") {
  MadeLane made;
  made.header(trace::Technique::hardware, trace::MetalKind::kvm);
  made.emit(trace::UserExit{0, 0, 0xe0, 1000});
  LaneSet lanes = made.lanes();
  const ExitsRows rows = rows_of(lanes, {~0ULL}, ExitsScope::to_cursor, ExitsLanes::focus);
  CHECK_FALSE(rows.summary[0].known);
  CHECK(rows.summary[0].why == "port_io 1 (marker port 1)");
  REQUIRE(!rows.lines.empty());
  CHECK(rows.lines[0].group == StopGroup::vm_exits);
  CHECK_FALSE(rows.lines[0].cells[0].known);
}

TEST_CASE("an empty lane has no lines, and an interrupt leaves the rows incomplete") {
  MadeLane made;
  LaneSet lanes = made.lanes();
  CHECK(rows_of(lanes, {0}, ExitsScope::to_cursor, ExitsLanes::all).lines.empty());
  LaneSet two = two_lanes();
  const std::atomic<bool> stop = true;
  const Question question =
      exits_question(0, std::vector<u64>{5, 5}, ExitsScope::to_cursor, ExitsLanes::all, Language::english);
  CHECK_FALSE(exits_rows(two, question, Interrupt(&stop)).complete);
}

TEST_CASE("every cause of the manuals has a meaning") {
  using trace::Technique;
  for (const Language language : {Language::english, Language::chinese}) {
    CHECK_FALSE(meaning_of(StopGroup::vm_exits, "EPT_VIOLATION", Technique::hardware, language).empty());
    CHECK_FALSE(meaning_of(StopGroup::vm_exits, "INVVPID", Technique::hardware, language).empty());
    CHECK_FALSE(meaning_of(StopGroup::traps, "exception GP", Technique::full, language).empty());
    CHECK_FALSE(meaning_of(StopGroup::traps, "exception DE", Technique::full, language).empty());
    CHECK_FALSE(meaning_of(StopGroup::hypercalls, "mmu_update", Technique::para, language).empty());
  }
  CHECK(meaning_of(StopGroup::traps, "no such word", Technique::full, Language::english).empty());
  CHECK(meaning_of(StopGroup::vm_exits, "INVVPID", Technique::hardware, Language::english).starts_with("The guest"));
  for (const char* const reason : {"INVVPID", "RDSEED", "TDCALL"})
    CHECK(meaning_of(StopGroup::vm_exits, reason, Technique::hardware, Language::chinese).starts_with("客户机"));
}
