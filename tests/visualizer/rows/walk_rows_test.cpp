#include "visualizer/rows/walk_rows.h"

#include <doctest/doctest.h>

#include "base/address.h"
#include "tests/visualizer/rows/made_lane.h"

using namespace trapline;
using namespace trapline::window;

namespace {

using trace::Dimension;
using trace::Source;

trace::WalkReference guest(u8 level, u64 value, Source source = Source::memory) {
  return {static_cast<u8>(Dimension::guest), level, static_cast<u8>(source), level, 0x1000, 0x2000, value};
}
trace::WalkReference ept(u8 level, u8 for_level, u64 value, Source source = Source::memory) {
  return {static_cast<u8>(Dimension::ept), level, static_cast<u8>(source), for_level, unknown_address, 0x3000, value};
}

struct MadeWalk : MadeLane {
  u64 begin(u64 gva, trace::AccessKind access, bool user, u64 ept_pointer) {
    bus.stamp().cause = 7;
    return emit(trace::WalkBegin{gva, unknown_address, static_cast<u8>(access), user, 0x1000, ept_pointer, 0});
  }
  u64 end(trace::WalkOutcome outcome, u32 code = 0) {
    return emit(trace::WalkEnd{static_cast<u8>(outcome), 1, 4, 0, 0x5000, 0x6000, code});
  }
};

const WalkSlot& slot(const WalkRows& rows, std::size_t line, std::size_t column) {
  return rows.lines.at(line).slots.at(column);
}

WalkRows at(LaneSet& lanes, u64 sequence) { return walk_rows(lanes, {.at = {0, sequence}}, Interrupt()); }

}  // namespace

TEST_CASE("a walk in one dimension is one line; what lies behind the cursor is not told") {
  MadeWalk made;
  const u64 begin = made.begin(0x8000002f8, trace::AccessKind::read, true, 0);
  for (u8 level = 4; level > 0; --level) made.emit(guest(level, 0x1007));
  const u64 end = made.end(trace::WalkOutcome::translated);
  LaneSet lanes = made.lanes();

  const WalkRows whole = at(lanes, end);
  REQUIRE(whole.lines.size() == 1);
  CHECK(whole.whole);
  CHECK(whole.known == 4);
  for (std::size_t column = 0; column < 4; ++column) CHECK(slot(whole, 0, column).references.size() == 1);
  CHECK(slot(whole, 0, 4).gap == WalkGap::none);
  CHECK(whole.references[3].rights == "rwxu");
  CHECK(whole.linear[1].value == 32);
  CHECK(whole.linear[4].value == 0x2f8);
  CHECK_FALSE(whole.outcome.empty());

  const WalkRows second = at(lanes, begin + 2);
  CHECK_FALSE(second.whole);
  CHECK(second.known == 2);
  CHECK(second.linear[1].used);
  CHECK_FALSE(second.linear[0].used);
  CHECK(slot(second, 0, 2).gap == WalkGap::not_yet);
  CHECK(second.outcome.empty());
  CHECK(at(lanes, begin).known == 0);
  CHECK(at(lanes, end + 1).behind);
}

TEST_CASE("rights gather down the levels, and a missing one tells which reference took it") {
  MadeWalk made;
  const u64 begin = made.begin(0x1000, trace::AccessKind::write, true, 0);
  made.emit(guest(4, 0x1007));
  made.emit(guest(3, 0x1005));
  made.emit(guest(2, 0x1007));
  made.emit(guest(1, 0x8000000000001007));
  made.end(trace::WalkOutcome::page_fault, 7);
  LaneSet lanes = made.lanes();
  const WalkRows rows = at(lanes, begin + 5);
  CHECK(rows.references[0].rights == "rwxu");
  CHECK(rows.references[1].rights == "r-xu");
  CHECK(rows.references[3].rights == "r--u");
  CHECK(rows.bad);
  REQUIRE(rows.code_bits.size() == 5);
  CHECK(rows.code_bits[0].set);
  CHECK(rows.code_bits[0].why.find("Reference 2 takes the right: PDPTE has R/W = 0") != std::string::npos);
  CHECK(rows.code_bits[2].set);
  CHECK(rows.code_bits[2].reference == 0);
  // Whether the entries allow it is open until the last one; that user mode writes is known from the beginning.
  const WalkRows early = at(lanes, begin + 2);
  CHECK_FALSE(early.code_bits[0].known);
  CHECK(early.code_bits[1].known);
}

TEST_CASE("two dimensions: a line for each guest level; caches and large pages leave gaps that say so") {
  MadeWalk made;
  const u64 begin = made.begin(0x201000, trace::AccessKind::execute, false, 0x601e);
  made.emit(guest(3, 0x2003, Source::paging_structure_cache));
  made.emit(guest(2, 0x600083));
  made.emit(ept(2, 0, 0x9007, Source::paging_structure_cache));
  made.emit(ept(1, 0, 0x9a9037));
  const u64 end = made.end(trace::WalkOutcome::translated);
  LaneSet lanes = made.lanes();
  const WalkRows rows = at(lanes, end);
  REQUIRE(rows.lines.size() == 5);
  CHECK(slot(rows, 0, 4).gap == WalkGap::cached);      // PML4E
  CHECK(slot(rows, 1, 0).gap == WalkGap::cached);      // EPT on the way to the cached PDPTE
  CHECK(slot(rows, 3, 4).gap == WalkGap::large_page);  // PTE
  CHECK(slot(rows, 4, 1).gap == WalkGap::cached);
  CHECK(slot(rows, 4, 3).references == std::vector<u32>{3});
  CHECK(rows.references[1].rights_at_most);
  CHECK(rows.references[3].translates == 0x601000);
  CHECK(rows.references[3].memory_type == "WB");
  CHECK(at(lanes, begin + 4).physical_address == 0x601000);
}

TEST_CASE("a walk that begins again at the root has a grid for each time, and the last one decides") {
  MadeWalk made;
  made.begin(0x1000, trace::AccessKind::read, false, 0x601e);
  made.emit(guest(2, 0x1003, Source::paging_structure_cache));
  const u64 first = made.emit(guest(1, 0x0));
  made.emit(ept(1, 4, 0x8037, Source::tlb));
  made.emit(guest(4, 0x1003));
  made.emit(ept(2, 3, 0x9005));
  made.emit(ept(1, 3, 0x0));
  const u64 end = made.end(trace::WalkOutcome::ept_violation, 0x81);
  LaneSet lanes = made.lanes();
  const WalkRows rows = at(lanes, end);
  REQUIRE(rows.attempts.size() == 2);
  CHECK(rows.attempts[1].first == 2);
  CHECK(rows.attempt == 1);
  CHECK(slot(rows, 3, 4).references.empty());
  CHECK(slot(rows, 3, 4).gap == WalkGap::not_reached);
  CHECK(at(lanes, first).attempt == 0);
  REQUIRE(rows.code_bits.size() == 8);
  CHECK(rows.code_bits[4].name == "W");
  CHECK(rows.code_bits[4].reference == 5);  // the EPT PDE without W, before the PTE that grants nothing
  CHECK(rows.code_bits[3].reference == 6);
}

TEST_CASE("a walk that no machine makes is a list, and ends") {
  MadeWalk made;
  made.begin(0x1000, trace::AccessKind::read, false, 0x601e);
  for (u64 i = 0; i < 900; ++i)
    made.emit(trace::WalkReference{static_cast<u8>(i), static_cast<u8>(i * 7), 9, 200, 1, 2, ~0ULL});
  LaneSet lanes = made.lanes();
  const WalkRows rows = at(lanes, ~0ULL);
  CHECK(rows.as_list);
  CHECK(rows.references.size() == views::most_references);
}

TEST_CASE("where there is no walk a sentence says why") {
  MadeLane made;
  made.emit(trace::Console{'a'});
  LaneSet lanes = made.lanes();
  CHECK_FALSE(at(lanes, 0).nothing.empty());
  MadeLane none;
  LaneSet empty = none.lanes();
  CHECK_FALSE(at(empty, 0).nothing.empty());
}
