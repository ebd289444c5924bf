// The checks of VM entry as an enum and as rows (entry_rules.def).
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/integers.h"
#include "spec/vmcs_fields.h"

namespace trapline::spec {

enum class EntryRule : u32 {
#define ENTRY_RULE(name, number, group, section, must, hint) name = (number),
#include "spec/entry_rules.def"
#undef ENTRY_RULE
};

enum class EntryRuleGroup : u8 { controls, host_state, guest_state };

struct EntryRuleInfo {
  EntryRule value;
  std::string_view name;
  EntryRuleGroup group;
  std::string_view section;  // title in SDM vol. 3, "VM Entries"
  std::string_view must;     // what must hold
  std::string_view hint;     // what to do when it does not
};

std::span<const EntryRuleInfo> entry_rule_rows();
const EntryRuleInfo& info_of(EntryRule rule);
// The fields that a check looks at (entry_rule_fields.def), and the checks that look at a field.
std::span<const VmcsField> fields_of(EntryRule rule);
std::vector<EntryRule> rules_of(VmcsField field);

}  // namespace trapline::spec
