// The TLB folded from its events: what each scope of a flush drops, as a table; and what happens when the numbers
// differ.
#include "views/tlb.h"

#include <doctest/doctest.h>
#include <set>

#include "views/fold.h"
#include "views/recorder.h"

using namespace trapline;

namespace {

struct Entry {
  const char* name;
  u64 gva;
  u8 page_level;
  u8 global;
  u16 vpid, pcid;
  u64 ept_pointer;
};

// Each differs from the first in one tag.
constexpr Entry entries[] = {
    {"plain", 0x1000, 1, 0, 1, 5, 0x6000},
    {"other page", 0x9000, 1, 0, 1, 5, 0x6000},
    {"other pcid", 0x1000, 1, 0, 1, 6, 0x6000},
    {"global", 0x1000, 1, 1, 1, 6, 0x6000},
    {"other vpid", 0x1000, 1, 0, 2, 5, 0x6000},
    {"other ept", 0x1000, 1, 0, 1, 5, 0x7000},
    {"part of a large one", 0x5000, 2, 0, 1, 5, 0x6000},
};

struct Row {
  trace::FlushScope scope;
  trace::FlushGlobals globals;
  bool every_pcid;
  u64 ept_pointer;
  std::set<std::string> dropped;
};

using trace::FlushGlobals;
using trace::FlushScope;

const Row rows[] = {
    {FlushScope::one_page,
     FlushGlobals::of_every_pcid,
     false,
     0,
     {"plain", "global", "other ept", "part of a large one"}},
    {FlushScope::one_page, FlushGlobals::spared, false, 0, {"plain", "other ept", "part of a large one"}},
    {FlushScope::one_page,
     FlushGlobals::like_others,
     true,
     0,
     {"plain", "other pcid", "global", "other ept", "part of a large one"}},
    {FlushScope::one_page, FlushGlobals::of_every_pcid, false, 0x601e, {"plain", "global", "part of a large one"}},
    {FlushScope::one_pcid, FlushGlobals::spared, false, 0, {"plain", "other page", "other ept", "part of a large one"}},
    {FlushScope::one_pcid,
     FlushGlobals::of_every_pcid,
     false,
     0,
     {"plain", "other page", "global", "other ept", "part of a large one"}},
    {FlushScope::all_but_global,
     FlushGlobals::spared,
     true,
     0,
     {"plain", "other page", "other pcid", "other ept", "part of a large one"}},
    {FlushScope::one_vpid,
     FlushGlobals::like_others,
     true,
     0,
     {"plain", "other page", "other pcid", "global", "other ept", "part of a large one"}},
    {FlushScope::one_ept,
     FlushGlobals::like_others,
     true,
     0x601e,
     {"plain", "other page", "other pcid", "global", "other vpid", "part of a large one"}},
    {FlushScope::all_ept,
     FlushGlobals::like_others,
     true,
     0,
     {"plain", "other page", "other pcid", "global", "other vpid", "other ept", "part of a large one"}},
};

trace::TlbFill fill_of(const Entry& entry, u16 way) {
  trace::TlbFill fill;
  fill.gva = entry.gva;
  fill.page_level = 1;
  fill.guest_page_level = entry.page_level;
  fill.global = entry.global;
  fill.vpid = entry.vpid;
  fill.pcid = entry.pcid;
  fill.ept_pointer = entry.ept_pointer;
  fill.way = way;
  return fill;
}

trace::TlbFlush flush_of(const Row& row, u32 dropped) {
  trace::TlbFlush flush;
  flush.scope = static_cast<u8>(row.scope);
  flush.gva = 0x1234;
  flush.vpid = 1;
  flush.pcid = 5;
  flush.ept_pointer = row.ept_pointer;
  flush.globals = static_cast<u8>(row.globals);
  flush.every_pcid = row.every_pcid;
  flush.entries = dropped;
  return flush;
}

}  // namespace

TEST_CASE("each scope of a flush drops the entries whose tags it names") {
  for (const Row& row : rows) {
    test::Recorder recorder;
    for (u16 way = 0; way < std::size(entries); ++way) recorder.at(0, 0, fill_of(entries[way], way));
    recorder.at(1, 0, flush_of(row, static_cast<u32>(row.dropped.size())));
    const auto view = views::folded<views::TlbView>(recorder.done());
    CAPTURE(trace::name_of(row.scope));
    CHECK(view.disagreements() == 0);
    for (u16 way = 0; way < std::size(entries); ++way) {
      CAPTURE(entries[way].name);
      CHECK(view.entries().contains({0, way}) != row.dropped.contains(entries[way].name));
    }
  }
}

TEST_CASE("a flush that dropped another number than the fold, and an eviction of nothing, are disagreements") {
  test::Recorder recorder;
  recorder.at(0, 0, fill_of(entries[0], 0));
  recorder.at(0, 0, flush_of(rows[0], 2));
  recorder.at(0, 0, trace::TlbEvict{});
  CHECK(views::folded<views::TlbView>(recorder.done()).disagreements() == 2);
}

TEST_CASE("an empty slot knows what emptied it last") {
  test::Recorder recorder;
  for (u16 way = 0; way < 3; ++way) recorder.at(0, 0, fill_of(entries[way], way));
  trace::TlbEvict evict;
  evict.way = 1;
  recorder.at(1, 0, evict);  // event 3
  trace::TlbFlush flush = flush_of({FlushScope::one_page, FlushGlobals::of_every_pcid, false, 0, {}}, 1);
  flush.cause = static_cast<u8>(trace::FlushCause::invlpg);
  recorder.at(2, 0, flush);  // event 4
  const auto view = views::folded<views::TlbView>(recorder.done());
  REQUIRE(view.departures().size() == 2);
  CHECK(view.departures().at({0, 1}).sequence == 3);
  CHECK(view.departures().at({0, 1}).way == views::TlbDeparture::Way::evicted);
  CHECK(view.departures().at({0, 0}).sequence == 4);
  CHECK(view.departures().at({0, 0}).cause == trace::FlushCause::invlpg);
  CHECK(view.departures().at({0, 0}).last.gva == entries[0].gva);
  REQUIRE(view.last_flushes().size() == 1);
  CHECK(view.last_flushes()[0].sequence == 4);
}
