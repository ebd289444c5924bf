#include "visualizer/rows/vmcs_rows.h"

#include <doctest/doctest.h>
#include <set>

#include "tests/visualizer/rows/made_lane.h"

using namespace trapline;
using namespace trapline::window;

namespace {

constexpr u32 qualification = 0x6400, secondary = 0x401e, cr3 = 0x6802, cs_rights = 0x4816, eptp = 0x201a;

const VmcsRow& row(const VmcsRows& rows, u32 encoding) {
  for (const VmcsRow& each : rows.fields)
    if (each.encoding == encoding) return each;
  FAIL("no such field");
  return rows.fields.front();
}

VmcsRows at(LaneSet& lanes, u64 sequence, std::optional<u32> selected = std::nullopt) {
  Question question{.at = {0, sequence}};
  if (selected) question.subject = {views::SubjectKind::vmcs_field, *selected};
  return vmcs_rows(lanes, question, Interrupt());
}

trace::VmExit io_exit() {
  trace::VmExit exit;
  exit.reason = 30;
  exit.qualification = 0x3f8 << 16;
  return exit;
}

}  // namespace

TEST_CASE("fields stand in their areas, and none of the manual's is missing or there twice") {
  MadeLane made;
  made.emit(trace::VmcsWrite{cr3, 0x1000});
  LaneSet lanes = made.lanes();
  const VmcsRows rows = at(lanes, ~0ULL);
  CHECK(rows.fields.size() == spec::vmcs_field_rows().size());
  std::set<u32> seen;
  for (const VmcsRow& each : rows.fields) seen.insert(each.encoding);
  CHECK(seen.size() == rows.fields.size());
  CHECK(row(rows, cr3).area == VmcsArea::guest_registers);
  CHECK(row(rows, 0x4826).area == VmcsArea::guest_other);
  CHECK(row(rows, 0x6c00).area == VmcsArea::host);
  CHECK(row(rows, eptp).area == VmcsArea::execution);
  CHECK(row(rows, 0x400c).area == VmcsArea::exit);
  CHECK(row(rows, 0x4016).area == VmcsArea::entry);
  CHECK(row(rows, qualification).area == VmcsArea::information);
  CHECK(rows.told == 1);
  CHECK_FALSE(row(rows, eptp).told);
}

TEST_CASE("what changed is what differs from before the last VM exit, and who told it is known") {
  MadeLane made;
  made.emit(trace::VmcsWrite{cr3, 0x1000});
  made.emit(trace::VmcsWrite{eptp, 0x501e});
  made.emit(io_exit());
  made.emit(trace::VmcsRead{cr3, 0x2000});
  made.emit(trace::VmcsWrite{eptp, 0x501e});
  made.emit(io_exit());
  LaneSet lanes = made.lanes();

  const VmcsRows rows = at(lanes, 4);
  CHECK(rows.last_exit == 2);
  CHECK(rows.exit_reason == "IO_INSTRUCTION");
  CHECK(row(rows, cr3).changed);
  CHECK(row(rows, cr3).before == 0x1000);
  CHECK(row(rows, cr3).told_by == views::FieldToldBy::monitor_read);
  CHECK(row(rows, cr3).told_at == 3);
  CHECK_FALSE(row(rows, eptp).changed);  // written again with what it held
  CHECK(row(rows, eptp).told_at == 4);
  CHECK(row(rows, qualification).told_by == views::FieldToldBy::exit_reported);
  CHECK(rows.changed == 1);

  const VmcsRows after = at(lanes, 5);
  CHECK(after.last_exit == 5);
  CHECK(after.changed == 0);
  const VmcsRows early = at(lanes, 1);
  CHECK_FALSE(early.last_exit.has_value());
  CHECK(early.changed == 0);
}

TEST_CASE("guest state that was told before the guest ran is doubtful; controls are not") {
  MadeLane made;
  made.emit(trace::VmcsWrite{cr3, 0x1000});
  made.emit(trace::VmcsWrite{0x6804, 0x20});
  made.emit(trace::VmcsWrite{eptp, 0x501e});
  made.emit(trace::VmcsWrite{0x4016, 0x80000020});
  made.emit(trace::VmEntry{});
  made.emit(io_exit());
  made.emit(trace::VmcsRead{cr3, 0x1000});
  LaneSet lanes = made.lanes();
  const VmcsRows rows = at(lanes, ~0ULL);
  CHECK_FALSE(row(rows, cr3).doubtful);
  CHECK(row(rows, 0x6804).doubtful);
  CHECK_FALSE(row(rows, eptp).doubtful);
  CHECK(row(rows, 0x4016).doubtful);
  CHECK_FALSE(row(rows, 0x681e).doubtful);  // the exit told it
  CHECK_FALSE(row(at(lanes, 3), 0x6804).doubtful);
}

TEST_CASE("values are put into words") {
  MadeLane made;
  made.emit(io_exit());
  made.emit(trace::VmcsWrite{secondary, 0x22});
  made.emit(trace::VmcsWrite{cs_rights, 0xa09b});
  made.emit(trace::VmcsWrite{0x4818, 0x10000});
  made.emit(trace::VmcsWrite{0x4822, 0x8b});
  made.emit(trace::VmcsWrite{eptp, 0x505e});
  made.emit(trace::VmcsWrite{0x4016, 0x80000b0e});
  made.emit(trace::VmcsWrite{0x2800, ~0ULL});
  LaneSet lanes = made.lanes();
  const VmcsRows rows = at(lanes, ~0ULL);
  CHECK(row(rows, 0x4402).meaning == "IO_INSTRUCTION");
  CHECK(row(rows, qualification).meaning == "1 byte, port 0x3f8");
  CHECK(row(rows, secondary).meaning == "Enable EPT, Enable VPID");
  CHECK(row(rows, cs_rights).meaning == "execute/read, accessed, DPL 0, P, L, G");
  CHECK(row(rows, 0x4818).meaning == "unusable");
  CHECK(row(rows, 0x4822).meaning == "TSS, busy, DPL 0, P");
  CHECK(row(rows, eptp).meaning == "write-back, 4 levels, A/D, PML4 0x5000");
  CHECK(row(rows, 0x4016).meaning == "hardware exception #PF, deliver error code");
  CHECK(row(rows, 0x4404).meaning == "not valid");
  CHECK(row(rows, 0x2800).meaning == "none");
}

TEST_CASE("a selected field tells its bits, its history and the checks that look at it") {
  MadeLane made;
  made.emit(trace::VmcsWrite{secondary, 0x02});
  made.emit(io_exit());
  made.emit(trace::VmcsWrite{secondary, 0x22});
  made.emit(trace::VmcsWrite{secondary, 0x22});
  LaneSet lanes = made.lanes();
  const VmcsRows rows = at(lanes, 2, secondary);
  REQUIRE(rows.detail.has_value());
  CHECK(rows.detail->previous == 2);
  CHECK(rows.detail->next == 3);
  bool vpid = false, ept = true;
  for (const FieldPart& part : rows.detail->parts.parts) {
    if (part.name == "Enable VPID") vpid = part.value == 1 && part.changed;
    if (part.name == "Enable EPT") ept = part.value == 1 && part.changed;
  }
  CHECK(vpid);
  CHECK_FALSE(ept);
  const auto& rules = rows.detail->rules;
  const auto has = [&](std::string_view name) {
    return std::any_of(rules.begin(), rules.end(), [&](const VmcsRule& rule) { return rule.name == name; });
  };
  CHECK(has("vpid_not_zero"));
  CHECK_FALSE(has("host_cr0_fixed_bits"));
  CHECK(rules[0].must.ends_with("."));
  Question question{.at = {0, 2}, .language = Language::chinese};
  question.subject = {views::SubjectKind::vmcs_field, secondary};
  const VmcsRows chinese = vmcs_rows(lanes, question, Interrupt());
  REQUIRE(chinese.detail.has_value());
  REQUIRE(chinese.detail->rules.size() == rules.size());
  for (std::size_t rule = 0; rule < rules.size(); ++rule) {
    CHECK(chinese.detail->rules[rule].name == rules[rule].name);
    CHECK(chinese.detail->rules[rule].section == rules[rule].section);
    CHECK(chinese.detail->rules[rule].must.ends_with("。"));
    CHECK(chinese.detail->rules[rule].hint.ends_with("。"));
  }
}

TEST_CASE("where there is no VMCS the rows say why") {
  using trace::MetalKind;
  using trace::Technique;
  const auto absence = [](Technique technique, MetalKind metal) {
    MadeLane made;
    made.header(technique, metal);
    LaneSet lanes = made.lanes();
    return at(lanes, ~0ULL).absence;
  };
  CHECK(absence(Technique::full, MetalKind::soft) == VmcsAbsence::full);
  CHECK(absence(Technique::para, MetalKind::kvm) == VmcsAbsence::para);
  CHECK(absence(Technique::hardware, MetalKind::kvm) == VmcsAbsence::kvm);
  CHECK(absence(Technique::hardware, MetalKind::soft) == VmcsAbsence::not_yet);
  CHECK(absence(Technique::bare, MetalKind::soft) == VmcsAbsence::other);
  LaneSet empty = MadeLane().lanes();
  CHECK(at(empty, ~0ULL).absence == VmcsAbsence::not_yet);
}

TEST_CASE("hostile values and encodings are shown, not trusted") {
  MadeLane made;
  trace::VmExit exit;
  exit.reason = 0xffffffff;
  exit.qualification = ~0ULL;
  exit.interruption_information = 0xffffffff;
  made.emit(exit);
  made.emit(trace::VmcsWrite{0xffffffff, 1});
  for (const spec::VmcsFieldInfo& field : spec::vmcs_field_rows())
    made.emit(trace::VmcsWrite{static_cast<u32>(field.value), ~0ULL});
  LaneSet lanes = made.lanes();
  for (const spec::VmcsFieldInfo& field : spec::vmcs_field_rows())
    CHECK(at(lanes, ~0ULL, static_cast<u32>(field.value)).detail.has_value());
  CHECK_FALSE(at(lanes, ~0ULL, 0xffffffff).detail.has_value());
}

TEST_CASE("the filter finds fields by either name, by encoding and by what they say") {
  VmcsRow field;
  field.encoding = 0x201a;
  field.name = "ept_pointer";
  field.manual = "EPT pointer (EPTP)";
  field.meaning = "write-back";
  for (const char* typed : {"", "eptp", "ept_p", "0x201a", "WRITE"}) CHECK(vmcs_row_matches(field, typed));
  CHECK_FALSE(vmcs_row_matches(field, "vpid"));
}
