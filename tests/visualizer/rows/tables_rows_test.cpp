#include "visualizer/rows/tables_rows.h"

#include <doctest/doctest.h>

#include "tests/visualizer/rows/made_tables.h"

using namespace trapline;
using namespace trapline::window;

namespace {

TablesRows at(LaneSet& lanes, u64 sequence, views::Subject subject = {}) {
  return tables_rows(lanes, {.at = {0, sequence}, .subject = subject}, Interrupt());
}

}  // namespace

TEST_CASE("guest and EPT tables of an address stand side by side, and a write since the last stop is marked") {
  MadeHardware made;
  made.emit(trace::VmExit{});
  const u64 written = made.write(trace::Dimension::guest, trace::Writer::walker, 0x23008, 0x5007, 0x5027);
  LaneSet lanes = made.lanes();
  const TablesRows rows = at(lanes, written);
  CHECK(rows.gva == 0x1234);
  REQUIRE(rows.columns.size() == 2);
  const TableColumn& guest = rows.columns[0];
  REQUIRE(guest.cells.size() == 4);
  CHECK(guest.cells[0].value == 0x1007);
  CHECK_FALSE(guest.cells[0].changed);
  CHECK(guest.cells[3].gpa == 0x3008);
  CHECK(guest.cells[3].hpa == 0x23008);
  CHECK(guest.cells[3].value == 0x5027);
  CHECK(guest.cells[3].before == 0x5007);
  CHECK(guest.cells[3].changed);
  CHECK(guest.cells[3].written_by == written);
  CHECK(guest.result == "GPA 0x5234  rwxu");
  CHECK(rows.columns[1].result == "HPA 0x25234  rwx");
  CHECK(rows.columns[1].cells[3].bits == "R W X WB");
  REQUIRE(rows.edits.size() == 1);
  CHECK(rows.edits[0].here);
  CHECK(rows.edits[0].changed);
  // Before the write the entry was what it was.
  CHECK(at(lanes, written - 1).columns[0].cells[3].value == 0x5007);
}

TEST_CASE("an address that leads nowhere says so, and one behind tables that nobody read is open") {
  MadeHardware made;
  const u64 last = made.emit(trace::VmExit{});
  LaneSet lanes = made.lanes();
  const TablesRows absent = at(lanes, last, {views::SubjectKind::linear, 0x2000});
  CHECK(absent.columns[0].cells[3].leads_nowhere);
  CHECK(absent.columns[0].result == "not mapped");
  CHECK_FALSE(absent.columns[1].nothing.empty());
  MadeTables bare;
  bare.header(trace::Technique::hardware);
  bare.walk(0x1234, 0x7000, 0, 0x7000, 0x9000);
  const u64 end = bare.emit(trace::VmExit{});
  LaneSet open = bare.lanes();
  CHECK(at(open, end).columns[0].cells[0].state == TableStep::State::unknown);
}

TEST_CASE("full shows both shadow roots, para what the guest asked for, kvm what nobody can know") {
  MadeTables full;
  full.header(trace::Technique::full);
  full.walk(0x1234, 0x1000, 0, 0x1000, 0x8000);
  const u64 end = full.emit(trace::Trap{});
  LaneSet lanes = full.lanes();
  const TablesRows rows = at(lanes, end);
  REQUIRE(rows.columns.size() == 3);
  CHECK_FALSE(rows.columns[1].nothing.empty());

  MadeTables para;
  para.header(trace::Technique::para);
  para.page(0x8000, {0x9027});
  para.walk(0x1234, 0x8000, 0, 0x1000, 0x8000);
  const u64 update = para.emit(trace::PageTableUpdate{4, 0x1000, 0, 0x2003, 0x9027});
  LaneSet direct = para.lanes();
  const TablesRows asked = at(direct, update);
  CHECK(asked.columns[0].cells[0].asked == "0x2003");
  CHECK(asked.columns[0].cells[0].gpa == 0x1000);
  CHECK(asked.edits[0].here);

  MadeTables kvm;
  kvm.header(trace::Technique::hardware, trace::MetalKind::kvm);
  kvm.page(0x1000, {0x2003});
  kvm.walk(0x1234, 0x1000, 0, 0x1000, 0x35e239000);
  const u64 last = kvm.emit(trace::UserExit{});
  LaneSet derived = kvm.lanes();
  const TablesRows known = at(derived, last);
  CHECK(known.provenance == trace::Provenance::derived);
  CHECK(known.columns[0].cells[0].value == 0x2003);
  CHECK(known.columns[0].cells[0].hpa == unknown_address);
  CHECK_FALSE(known.columns[1].nothing.empty());
}

TEST_CASE("tables that lead to themselves, and a trace without any") {
  MadeTables loop;
  loop.header(trace::Technique::hardware);
  loop.page(0x1000, {0x1003, 0x1003});
  loop.walk(0, 0x1000, 0, 0x1000, 0x1000);
  const u64 end = loop.emit(trace::VmExit{});
  LaneSet lanes = loop.lanes();
  CHECK(at(lanes, end).columns[0].result == "GPA 0x1000  rwx-");
  MadeLane none;
  const u64 only = none.emit(trace::Console{'a'});
  LaneSet empty = none.lanes();
  CHECK_FALSE(at(empty, only).nothing.empty());
}
