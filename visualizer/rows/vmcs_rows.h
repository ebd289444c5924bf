// The VMCS at a moment: every field by area, as the manual orders them, with what it says, who told it last, and what
// the last VM exit and everything after it changed. For one selected field also its bits, its encoding, its history and
// the checks of VM entry that look at it.
#pragma once

#include <string>
#include <vector>

#include "spec/entry_rules.h"
#include "views/vmcs.h"
#include "visualizer/model/desk.h"
#include "visualizer/rows/field_parts.h"

namespace trapline::window {

// In the manual's order: "Organization of VMCS Data".
enum class VmcsArea : u8 {
  guest_registers,
  guest_other,
  host,
  execution,
  exit,
  entry,
  information,
  count_,
};

struct VmcsRow {
  u32 encoding = 0;
  VmcsArea area = VmcsArea::guest_registers;
  std::string_view name;    // of the row, as filters write it
  std::string_view manual;  // the manual's name
  bool told = false;        // otherwise nothing below is known
  u64 value = 0;
  unsigned digits = 1;  // hexadecimal ones of its width
  views::FieldToldBy told_by = views::FieldToldBy::monitor_wrote;
  u64 told_at = 0;        // sequence number
  bool changed = false;   // it has another value than before the last VM exit
  bool doubtful = false;  // the guest or a VM exit may have changed it since it was told, without an event
  u64 before = 0;         // that value, where it changed
  std::string meaning;    // in one line; empty for plain numbers and addresses
};

// A check of VM entry, in the reader's language; its name and its section's title are the manual's.
struct VmcsRule {
  std::string_view name, section;
  std::string_view must, hint;
};

struct VmcsDetail {
  VmcsRow row;
  FieldParts parts;                   // empty for plain numbers and addresses
  std::optional<u64> previous, next;  // events that changed it, before and after the cursor
  std::vector<VmcsRule> rules;        // checks of VM entry that look at it
};

// Why there is no VMCS to be shown.
enum class VmcsAbsence : u8 { none, full, para, kvm, other, not_yet };

struct VmcsRows {
  VmcsAbsence absence = VmcsAbsence::none;
  std::vector<VmcsRow> fields;  // by area, in the order of encodings
  std::optional<u64> last_exit;
  std::string exit_reason;  // its word
  std::size_t told = 0, changed = 0;
  std::optional<VmcsDetail> detail;
};

VmcsRows vmcs_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt);

// Whether a row belongs to what was typed: a part of either name, of the encoding or of the meaning, in any case.
bool vmcs_row_matches(const VmcsRow& row, std::string_view typed);

}  // namespace trapline::window
