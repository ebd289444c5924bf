#include "visualizer/rows/ept_rows.h"

#include <algorithm>
#include <doctest/doctest.h>

#include "tests/visualizer/rows/made_tables.h"

using namespace trapline;
using namespace trapline::window;

namespace {

EptRows at(LaneSet& lanes, u64 sequence, views::Subject subject = {}) {
  return ept_rows(lanes, {.at = {0, sequence}, .subject = subject}, Interrupt());
}

}  // namespace

TEST_CASE("the tree has a row for each table, and one for pages that lie side by side with the same rights") {
  MadeHardware made;
  const u64 last = made.emit(trace::VmExit{});
  LaneSet lanes = made.lanes();
  const EptRows rows = at(lanes, last);
  CHECK(rows.pages == 8);
  CHECK_FALSE(rows.flags);
  REQUIRE(rows.rows.size() > 7);
  for (u8 depth = 0; depth < 3; ++depth) CHECK(rows.rows[depth].kind == EptRowKind::table);
  CHECK(rows.rows[0].mapped == 8);
  const EptRow& first = rows.rows[3];  // pages 0 to 5; page 6 cannot be written to
  CHECK(first.kind == EptRowKind::page);
  CHECK(first.entries == 6);
  CHECK(first.last == 0x5fff);
  CHECK(first.hpa == 0x20000);
  CHECK(first.memory_type == "WB");
  CHECK(rows.rows[4].rights == "r-x");
  CHECK(rows.rows[5].entries == 1);
  CHECK(rows.rows[6].kind == EptRowKind::unmapped);
  CHECK(rows.rows[6].entries == 504);
}

TEST_CASE("what changed since the last stop and what is looked for stand alone, up to the root") {
  MadeHardware made;
  made.emit(trace::VmExit{});
  const u64 written = made.write(trace::Dimension::ept, trace::Writer::monitor, 0x13010, 0x22037, 0x99037);
  LaneSet lanes = made.lanes();
  const EptRows rows = at(lanes, written, {views::SubjectKind::guest_physical, 0x4321});
  CHECK(rows.rows[0].changed);
  CHECK(rows.rows[0].followed);
  const auto changed =
      std::find_if(rows.rows.begin() + 3, rows.rows.end(), [](const auto& row) { return row.changed; });
  REQUIRE(changed != rows.rows.end());
  CHECK(changed->gpa == 0x2000);
  CHECK(changed->entries == 1);
  CHECK(changed->hpa == 0x99000);
  CHECK(changed->written_by == written);
  const auto found = std::find_if(rows.rows.begin() + 3, rows.rows.end(), [](const auto& row) { return row.followed; });
  REQUIRE(found != rows.rows.end());
  CHECK(found->gpa == 0x4000);
  CHECK(found->entries == 1);
}

TEST_CASE("an EPT that leads to itself everywhere ends") {
  MadeTables made;
  made.header(trace::Technique::hardware);
  std::array<u64, 512> entries;
  entries.fill(0x1007);
  made.bus.emit_with_blob(trace::Keyframe{0, tag("PAGE"), 0x1000}, std::as_bytes(std::span(entries)));
  ++made.next;
  made.walk(0, 0x1000, 0x105e, 0x1000, 0x1000);
  const u64 last = made.emit(trace::VmExit{});
  LaneSet lanes = made.lanes();
  const EptRows rows = at(lanes, last);
  CHECK(rows.cut);
  CHECK(rows.flags);
  CHECK(rows.rows.size() <= 4000);
}

TEST_CASE("lanes without EPT say what they have instead") {
  for (const auto technique : {trace::Technique::full, trace::Technique::para, trace::Technique::hardware}) {
    MadeTables made;
    const u64 header = made.header(technique);
    LaneSet lanes = made.lanes();
    CHECK_FALSE(at(lanes, header).nothing.empty());
  }
}
