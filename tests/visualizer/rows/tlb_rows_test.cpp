#include "visualizer/rows/tlb_rows.h"

#include <doctest/doctest.h>

#include "tests/visualizer/rows/made_lane.h"

using namespace trapline;
using namespace trapline::window;

namespace {

struct MadeTlb : MadeLane {
  u64 fill(u64 gva, u16 set, u16 way, u8 level = 1) {
    trace::TlbFill fill;
    fill.gva = gva;
    fill.page_level = fill.guest_page_level = level;
    fill.vpid = 1;
    fill.user = 1;
    fill.set = set;
    fill.way = way;
    return emit(fill);
  }
};

TlbRows at(LaneSet& lanes, u64 sequence, views::Subject subject = {}) {
  return tlb_rows(lanes, {.at = {0, sequence}, .subject = subject}, Interrupt());
}

}  // namespace

TEST_CASE("each slot of the TLB says what is in it and since when, or what emptied it") {
  MadeTlb made;
  const u64 first = made.fill(0x1000, 1, 0);
  made.fill(0x3000, 3, 2);
  made.emit(trace::Trap{});
  made.fill(0x4000, 4, 0);
  trace::TlbFlush flush;
  flush.scope = static_cast<u8>(trace::FlushScope::one_page);
  flush.cause = static_cast<u8>(trace::FlushCause::invlpg);
  flush.globals = static_cast<u8>(trace::FlushGlobals::of_every_pcid);
  flush.gva = 0x3000;
  flush.vpid = 1;
  flush.entries = 1;
  const u64 flushed = made.emit(flush);
  trace::TlbEvict evict;
  evict.set = 1;
  const u64 evicted = made.emit(evict);
  LaneSet lanes = made.lanes();

  const TlbRows rows = at(lanes, evicted);
  REQUIRE(rows.slots.size() == 64);
  CHECK(rows.at(0, 0).state == SlotState::never);
  CHECK(rows.at(1, 0).state == SlotState::evicted);
  CHECK(rows.at(1, 0).here);
  CHECK(rows.at(3, 2).state == SlotState::flushed);
  CHECK(rows.at(3, 2).sequence == flushed);
  CHECK(rows.at(3, 2).cause == trace::FlushCause::invlpg);
  CHECK(rows.at(4, 0).state == SlotState::filled);
  CHECK(rows.at(4, 0).age == 2);
  CHECK(rows.at(4, 0).changed);
  CHECK(rows.at(4, 0).rights == "r--u--");
  REQUIRE(rows.flushes.size() == 1);

  const TlbRows before = at(lanes, first);
  CHECK(before.at(1, 0).state == SlotState::filled);
  CHECK(before.at(1, 0).here);
  CHECK(before.at(3, 2).state == SlotState::never);
  CHECK(before.flushes.empty());
}

TEST_CASE("what is followed is marked: a slot, or the sets and the entry of a linear address") {
  MadeTlb made;
  made.fill(0x200000, 1, 3, 2);
  const u64 last = made.fill(0x5000, 5, 0);
  LaneSet lanes = made.lanes();
  CHECK(at(lanes, last, {views::SubjectKind::tlb_slot, 5U << 16}).at(5, 0).followed);
  const TlbRows rows = at(lanes, last, {views::SubjectKind::linear, 0x234567});
  CHECK(rows.at(1, 3).followed);
  CHECK_FALSE(rows.at(5, 0).followed);
  CHECK(rows.followed_sets == std::vector<u16>{4, 1});
}

TEST_CASE("a TLB that no machine has stays within the grid, and says so") {
  MadeTlb made;
  made.fill(0x1000, 20, 5);
  const u64 last = made.fill(0x2000, 65535, 65535);
  LaneSet lanes = made.lanes();
  const TlbRows rows = at(lanes, last);
  CHECK(rows.sets == 64);
  CHECK(rows.ways == 16);
  CHECK(rows.left_out == 1);
  CHECK(rows.at(20, 5).state == SlotState::filled);
}

TEST_CASE("on kvm the TLB is unknown") {
  MadeTlb made;
  made.header(trace::Technique::hardware, trace::MetalKind::kvm);
  LaneSet lanes = made.lanes();
  CHECK_FALSE(at(lanes, 0).nothing.empty());
}
