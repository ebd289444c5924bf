#include "visualizer/rows/memory_rows.h"

#include <doctest/doctest.h>

#include "base/tag.h"
#include "tests/visualizer/rows/made_lane.h"

using namespace trapline;
using namespace trapline::window;
using views::SubjectKind;

namespace {

constexpr u64 unknown = trace::unknown_number;

trace::TableWrite write_at(u64 hpa, u64 value) {
  trace::TableWrite write;
  write.gpa = unknown;
  write.hpa = hpa;
  write.size = 8;
  write.value = value;
  return write;
}

MemoryRows at(LaneSet& lanes, views::Subject subject, Overlay overlay = Overlay::automatic, u64 sequence = ~0ULL) {
  Question question{.at = {0, sequence}, .subject = subject};
  question.first = static_cast<u64>(overlay);
  return memory_rows(lanes, question, Interrupt());
}

}  // namespace

TEST_CASE("a page is shown as the table that a walk took it for; unknown bytes stay unknown") {
  MadeLane made;
  trace::WalkReference reference;
  reference.level = 2;
  reference.entry_gpa = 0x2008;
  reference.entry_hpa = 0x9008;
  made.emit(write_at(0x9008, 0x80000000003fe0e7));
  made.emit(trace::VmExit{});
  made.emit(reference);
  made.emit(write_at(0x9010, 0x5063));
  LaneSet lanes = made.lanes();
  const MemoryRows rows = at(lanes, {SubjectKind::host_physical, 0x9010});
  CHECK(rows.page == 0x9000);
  CHECK(rows.overlay == Overlay::page_table);
  CHECK(rows.level == 2);
  CHECK(rows.walk == 2);
  REQUIRE(rows.rows.size() == 512);
  CHECK(rows.known == 16);
  CHECK_FALSE(rows.rows[0].bytes[0].has_value());
  CHECK(rows.rows[0].meaning.empty());
  CHECK(rows.rows[1].meaning.starts_with("-> 0x200000"));
  CHECK(rows.rows[1].meaning.find("XD") != std::string::npos);
  CHECK(rows.rows[1].meaning.find("PS") != std::string::npos);
  CHECK(rows.rows[1].told_at == 0);
  CHECK_FALSE(rows.rows[1].changed);
  CHECK(rows.rows[2].meaning == "-> 0x5000  P R/W A");
  CHECK(rows.rows[2].changed);
  CHECK(rows.rows[2].selected);
  CHECK_FALSE(rows.rows[1].selected);
}

TEST_CASE("EPT entries have their own bits, and an overlay may be chosen") {
  MadeLane made;
  trace::WalkReference reference;
  reference.dimension = static_cast<u8>(trace::Dimension::ept);
  reference.level = 1;
  reference.entry_gpa = unknown;
  reference.entry_hpa = 0x9000;
  made.emit(reference);
  made.emit(write_at(0x9000, 0x7037));
  made.emit(write_at(0x9008, 0));
  LaneSet lanes = made.lanes();
  const MemoryRows ept = at(lanes, {SubjectKind::host_physical, 0x9000});
  CHECK(ept.overlay == Overlay::ept_table);
  CHECK(ept.rows[0].meaning.starts_with("-> 0x7000  R W X"));
  CHECK(ept.rows[1].meaning == "not present");
  const MemoryRows bytes = at(lanes, {SubjectKind::host_physical, 0x9000}, Overlay::bytes);
  REQUIRE(bytes.rows.size() == 256);
  CHECK(bytes.rows[0].meaning == "7p..............");  // 0x7037 and zeros
  const MemoryRows queue = at(lanes, {SubjectKind::host_physical, 0x9000}, Overlay::virtqueue);
  CHECK(queue.rows[0].meaning == "buffer 0x7037, 0 bytes, device reads");
}

TEST_CASE("the event under the cursor names a page where nothing is selected") {
  MadeLane made;
  made.emit(write_at(0x9008, 1));
  made.emit(trace::Console{'x'});
  LaneSet lanes = made.lanes();
  CHECK(at(lanes, {}, Overlay::automatic, 0).page == 0x9000);
  CHECK_FALSE(at(lanes, {}, Overlay::automatic, 1).asked);
  CHECK_FALSE(at(lanes, {SubjectKind::msr, 5}, Overlay::automatic, 1).asked);
  const MemoryRows lost = at(lanes, {SubjectKind::linear, 0x1234}, Overlay::automatic, 1);
  CHECK(lost.asked);
  CHECK_FALSE(lost.page.has_value());
  LaneSet empty = MadeLane().lanes();
  CHECK_FALSE(at(empty, {}).asked);
  CHECK(at(empty, {SubjectKind::host_physical, ~0ULL}, static_cast<Overlay>(99)).rows.size() == 256);
}

TEST_CASE("descriptors in words") {
  CHECK(descriptor_text(0) == "null");
  CHECK(descriptor_text(0x00af9b000000ffff) == "execute/read, accessed, DPL 0, P, L, base 0x0, limit 0xfffff");
  CHECK(descriptor_text(0x00cff3000000ffff) == "read/write, accessed, DPL 3, P, base 0x0, limit 0xfffff");
  CHECK(descriptor_text(0x0010'8e01'0008'2340) ==
        "interrupt gate, DPL 0, P, selector 0x8, IST 1, offset bits 31:0 0x102340");
}
