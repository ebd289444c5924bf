#include "visualizer/rows/vmcs_rows.h"

#include <algorithm>

#include "base/bits.h"
#include "base/hex.h"
#include "explain/sentences.h"
#include "spec/exit_reasons.h"
#include "spec/vectors.h"
#include "spec/words.h"
#include "views/last_change.h"
#include "visualizer/rows/bounded.h"

namespace trapline::window {

namespace {

using spec::VmcsField;
using Fields = std::map<u32, views::VmcsFieldView>;

// Of control fields the width says nothing about their area: "VM-Exit Control Fields" and "VM-Entry Control Fields" are
// named here, the rest are VM-execution controls.
VmcsArea area_of_control(VmcsField field) {
  switch (field) {
    case VmcsField::vm_exit_controls:
    case VmcsField::secondary_vm_exit_controls:
    case VmcsField::vm_exit_msr_store_address:
    case VmcsField::vm_exit_msr_load_address:
    case VmcsField::vm_exit_msr_store_count:
    case VmcsField::vm_exit_msr_load_count:
      return VmcsArea::exit;
    case VmcsField::vm_entry_controls:
    case VmcsField::vm_entry_msr_load_address:
    case VmcsField::vm_entry_msr_load_count:
    case VmcsField::vm_entry_interruption_information:
    case VmcsField::vm_entry_exception_error_code:
    case VmcsField::vm_entry_instruction_length:
      return VmcsArea::entry;
    default:
      return VmcsArea::execution;
  }
}

// SDM vol. 3, "Guest Non-Register State".
bool is_other_guest_state(VmcsField field) {
  switch (field) {
    case VmcsField::guest_activity_state:
    case VmcsField::guest_interruptibility_state:
    case VmcsField::guest_pending_debug_exceptions:
    case VmcsField::vmcs_link_pointer:
    case VmcsField::vmx_preemption_timer_value:
    case VmcsField::guest_pdpte0:
    case VmcsField::guest_pdpte1:
    case VmcsField::guest_pdpte2:
    case VmcsField::guest_pdpte3:
    case VmcsField::guest_interrupt_status:
    case VmcsField::pml_index:
      return true;
    default:
      return false;
  }
}

VmcsArea area_of(VmcsField field) {
  switch (spec::type_of_field(static_cast<u32>(field))) {
    case spec::FieldType::control:
      return area_of_control(field);
    case spec::FieldType::read_only:
      return VmcsArea::information;
    case spec::FieldType::guest_state:
      return is_other_guest_state(field) ? VmcsArea::guest_other : VmcsArea::guest_registers;
    case spec::FieldType::host_state:
      return VmcsArea::host;
  }
  return VmcsArea::execution;
}

unsigned digits_of(u32 encoding) {
  switch (spec::width_of_field(encoding)) {
    case spec::FieldWidth::bits_16:
      return 4;
    case spec::FieldWidth::bits_32:
      return 8;
    default:
      return 16;
  }
}

std::optional<u64> told(const Fields& fields, VmcsField field) {
  const auto found = fields.find(static_cast<u32>(field));
  return found == fields.end() ? std::nullopt : std::optional(found->second.value);
}

// The form of the exit qualification follows from the exit reason.
std::optional<spec::FieldForm> form_of(u32 encoding, const Fields& fields) {
  if (encoding != static_cast<u32>(VmcsField::exit_qualification)) return spec::form_of_vmcs_field(encoding);
  const auto reason = told(fields, VmcsField::exit_reason);
  if (!reason) return std::nullopt;
  const u64 information = told(fields, VmcsField::vm_exit_interruption_information).value_or(0);
  return spec::form_of_qualification(static_cast<u32>(*reason), static_cast<u8>(information));
}

std::string vector_name(u64 vector) {
  const std::string_view word = spec::word_of(spec::vectors(), vector);
  return word.empty() ? "vector " + std::to_string(vector) : "#" + std::string(word);
}

// An event: nothing of it counts where `valid` is 0.
std::string event_text(const FieldParts& parts, spec::FieldForm form, u64 value) {
  if (!has_bit(value, 31)) return "not valid";
  const u64 type = bits(value, 10, 8), vector = bits(value, 7, 0);
  constexpr u64 external_interrupt = 0;
  std::string text(spec::value_word(form, 8, type));
  if (text.empty()) text = "reserved type " + std::to_string(type);
  text += type == external_interrupt ? " " + hex_number(vector) : " " + vector_name(vector);
  for (const FieldPart& part : parts.parts)
    if (part.single() && part.value && part.high != 31) text += ", " + std::string(part.name);
  return text;
}

std::string reason_text(u64 value) {
  const std::string_view word = spec::word_of(spec::exit_reasons(), value);
  const std::string_view basic = spec::word_of(spec::exit_reasons(), value & 0xffff);
  std::string text(word.empty() ? basic : word);
  if (text.empty()) text = std::to_string(value & 0xffff);
  return has_bit(value, 31) ? text + ", VM-entry failure" : text;
}

// A plain field's meaning where it has one without bits.
std::string plain_text(u32 encoding, u64 value, const Fields& fields) {
  const auto field = static_cast<VmcsField>(encoding);
  if (field == VmcsField::vmcs_link_pointer && value == ~0ULL) return "none";
  if (field == VmcsField::vm_instruction_error) return std::string(spec::word_of(spec::vm_instruction_errors(), value));
  if (field == VmcsField::exit_qualification) {
    const u64 reason = told(fields, VmcsField::exit_reason).value_or(~0ULL) & 0xffff;
    const u64 vector = told(fields, VmcsField::vm_exit_interruption_information).value_or(0) & 0xff;
    const bool page_fault =
        reason == static_cast<u32>(spec::ExitReason::EXCEPTION_NMI) && vector == static_cast<u8>(spec::Vector::PF);
    if (page_fault || reason == static_cast<u32>(spec::ExitReason::INVLPG)) return "linear address";
  }
  return {};
}

std::string meaning_of(u32 encoding, u64 value, const Fields& fields) {
  if (encoding == static_cast<u32>(VmcsField::exit_reason)) return reason_text(value);
  const auto form = form_of(encoding, fields);
  if (!form) return plain_text(encoding, value, fields);
  const FieldParts parts = parts_of(*form, value, std::nullopt);
  if (*form == spec::FieldForm::entry_interruption || *form == spec::FieldForm::exit_interruption)
    return event_text(parts, *form, value);
  if (*form == spec::FieldForm::access_rights) {
    if (has_bit(value, 16)) return "unusable";
    std::string text(segment_type(static_cast<u32>(value)));
    for (const FieldPart& part : parts.parts) {
      if (part.low == 5)
        text += ", DPL " + std::to_string(part.value);
      else if (part.single() && part.value && part.name != "S")
        text += ", " + std::string(part.name);
    }
    return text;
  }
  const std::string line = line_of(parts);
  return line.empty() ? "none" : line;
}

VmcsRow row_of(const spec::VmcsFieldInfo& info, const Fields& now, const Fields& before) {
  VmcsRow row;
  row.encoding = static_cast<u32>(info.value);
  row.area = area_of(info.value);
  row.name = info.name;
  row.manual = info.text;
  row.digits = digits_of(row.encoding);
  const auto found = now.find(row.encoding);
  if (found == now.end()) return row;
  const views::VmcsFieldView& field = found->second;
  row.told = true;
  row.value = field.value;
  row.told_by = field.told_by;
  row.told_at = field.sequence;
  row.meaning = meaning_of(row.encoding, field.value, now);
  if (const auto old = before.find(row.encoding); old != before.end() && old->second.value != field.value) {
    row.changed = true;
    row.before = old->second.value;
  }
  return row;
}

std::vector<VmcsRule> rules_of(u32 encoding, Language language) {
  std::vector<VmcsRule> rules;
  for (const spec::EntryRule rule : spec::rules_of(static_cast<VmcsField>(encoding))) {
    const spec::EntryRuleInfo& info = spec::info_of(rule);
    rules.push_back({info.name, info.section, explain::spec_text(language, "entry_rule", info.name, info.must),
                     explain::spec_text(language, "entry_hint", info.name, info.hint)});
  }
  return rules;
}

VmcsDetail detail_of(const Lane& lane, const VmcsRow& row, const Fields& fields, u64 at, Language language,
                     const Interrupt& interrupt) {
  VmcsDetail detail{row, {}, {}, {}, rules_of(row.encoding, language)};
  if (const auto form = form_of(row.encoding, fields); form && row.told)
    detail.parts = parts_of(*form, row.value, row.changed ? std::optional(row.before) : std::nullopt);
  const views::Subject subject{views::SubjectKind::vmcs_field, row.encoding};
  const auto stop = [&] { return static_cast<bool>(interrupt); };
  detail.previous = views::last_change(lane.source(), subject, at + 1, stop);
  detail.next = views::next_change(lane.source(), subject, at, stop);
  return detail;
}

VmcsAbsence absence_of(const LaneFacts& facts) {
  if (facts.technique_is(trace::Technique::full)) return VmcsAbsence::full;
  if (facts.technique_is(trace::Technique::para)) return VmcsAbsence::para;
  if (facts.technique_is(trace::Technique::bare)) return VmcsAbsence::other;
  return facts.on_kvm() ? VmcsAbsence::kvm : VmcsAbsence::not_yet;
}

// Guest state changes while the guest runs, and VM exit clears the valid bit of an injected event ("VM-Entry Controls
// for Event Injection"), without a VMWRITE.
bool is_doubtful(const VmcsRow& row, std::optional<u64> last_entry, std::optional<u64> last_exit) {
  if (!row.told) return false;
  if (row.area == VmcsArea::guest_registers || row.area == VmcsArea::guest_other)
    return last_entry && row.told_at < *last_entry;
  return static_cast<VmcsField>(row.encoding) == VmcsField::vm_entry_interruption_information &&
         has_bit(row.value, 31) && last_exit && row.told_at < *last_exit;
}

void add_fields(VmcsRows& rows, const Fields& now, const Fields& before) {
  for (const spec::VmcsFieldInfo& info : spec::vmcs_field_rows()) {
    rows.fields.push_back(row_of(info, now, before));
    rows.told += rows.fields.back().told;
    rows.changed += rows.fields.back().changed;
  }
  std::stable_sort(rows.fields.begin(), rows.fields.end(),
                   [](const VmcsRow& left, const VmcsRow& right) { return left.area < right.area; });
}

std::string lower(std::string_view words) {
  std::string out(words);
  for (char& letter : out)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return out;
}

}  // namespace

VmcsRows vmcs_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt) {
  VmcsRows rows;
  Lane* const lane = lanes.at(question.at.lane);
  if (lane == nullptr) return rows;
  const u64 at = bounded(*lane, question.at.sequence);
  const trace::EventSource& source = lane->source();
  rows.last_exit = source.last_before(source.kinds<trace::VmExit>(), at + 1);
  Fields before;
  if (rows.last_exit && *rows.last_exit > 0) {
    const auto* const view = lane->after<views::VmcsView>(*rows.last_exit - 1, interrupt);
    if (view == nullptr) return rows;
    before = view->fields();
  }
  const auto* const view = lane->after<views::VmcsView>(at, interrupt);
  if (view == nullptr) return rows;
  if (view->fields().empty()) {
    rows.absence = absence_of(lane->facts());
    return rows;
  }
  add_fields(rows, view->fields(), before);
  const auto last_entry = source.last_before(source.kinds<trace::VmEntry>(), at + 1);
  for (VmcsRow& row : rows.fields) row.doubtful = is_doubtful(row, last_entry, rows.last_exit);
  if (const auto reason = told(view->fields(), VmcsField::exit_reason)) rows.exit_reason = reason_text(*reason);
  if (question.subject.kind == views::SubjectKind::vmcs_field)
    for (const VmcsRow& row : rows.fields)
      if (row.encoding == question.subject.value)
        rows.detail = detail_of(*lane, row, view->fields(), at, question.language, interrupt);
  return rows;
}

bool vmcs_row_matches(const VmcsRow& row, std::string_view typed) {
  const std::string wanted = lower(typed);
  const auto holds = [&](std::string_view words) { return lower(words).find(wanted) != std::string::npos; };
  return wanted.empty() || holds(row.name) || holds(row.manual) || holds(hex_number(row.encoding)) ||
         holds(row.meaning);
}

}  // namespace trapline::window
