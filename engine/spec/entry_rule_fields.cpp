#include <algorithm>
#include <cassert>
#include <iterator>

#include "spec/entry_rules.h"

namespace trapline::spec {

namespace {

// One array for each rule, by the rule's name.
namespace rows {
using enum VmcsField;
#define RULE_FIELDS(rule, ...) constexpr VmcsField rule[] = {__VA_ARGS__};
#include "spec/entry_rule_fields.def"
#undef RULE_FIELDS
}  // namespace rows

struct RuleFields {
  EntryRule value;
  std::span<const VmcsField> fields;
};
constexpr RuleFields table[] = {
#define RULE_FIELDS(rule, ...) {EntryRule::rule, rows::rule},
#include "spec/entry_rule_fields.def"
#undef RULE_FIELDS
};

consteval bool every_rule_has_its_row() {
  constexpr EntryRule rules[] = {
#define ENTRY_RULE(name, number, group, section, must, hint) EntryRule::name,
#include "spec/entry_rules.def"
#undef ENTRY_RULE
  };
  if (std::size(rules) != std::size(table)) return false;
  for (std::size_t i = 0; i < std::size(rules); ++i)
    if (rules[i] != table[i].value) return false;
  return true;
}
static_assert(every_rule_has_its_row());

}  // namespace

std::span<const VmcsField> fields_of(EntryRule rule) {
  const auto found = std::lower_bound(std::begin(table), std::end(table), rule,
                                      [](const RuleFields& row, EntryRule wanted) { return row.value < wanted; });
  assert(found != std::end(table) && found->value == rule);
  return found->fields;
}

std::vector<EntryRule> rules_of(VmcsField field) {
  std::vector<EntryRule> rules;
  for (const RuleFields& row : table)
    if (std::find(row.fields.begin(), row.fields.end(), field) != row.fields.end()) rules.push_back(row.value);
  return rules;
}

}  // namespace trapline::spec
