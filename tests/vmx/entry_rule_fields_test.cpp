// The rows that say which fields a check looks at are held against the checks: the field that a verdict names is in its
// row, and no field outside the row can change a verdict.
#include <algorithm>
#include <doctest/doctest.h>

#include "base/split_mix.h"
#include "entry_rule_cases.h"

namespace trapline::vmx::test {
namespace {

bool lists(EntryRule rule, F field) {
  const auto fields = spec::fields_of(rule);
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

bool breaks(const Lab& lab, const Patient& patient, EntryRule rule) {
  const auto broken = broken_rules(patient.vmcs, {patient.capabilities, lab.memory, patient.host_in_long_mode});
  return std::any_of(broken.begin(), broken.end(), [&](const BrokenRule& each) { return each.rule == rule; });
}

std::vector<Case> all_cases() {
  std::vector<Case> cases(control_and_host_cases().begin(), control_and_host_cases().end());
  cases.insert(cases.end(), guest_cases().begin(), guest_cases().end());
  return cases;
}

TEST_CASE("a field outside a rule's row changes nothing about the rule's verdict") {
  Lab lab;
  u64 random = 1;
  for (const Case& each : all_cases()) {
    Patient broken{lab.vmcs(), lab.capabilities};
    each.break_it(broken);
    CAPTURE(spec::info_of(each.rule).name);
    for (const spec::VmcsFieldInfo& field : spec::vmcs_field_rows()) {
      if (!field.modelled || lists(each.rule, field.value)) continue;
      CAPTURE(field.name);
      const u64 was = broken.vmcs.get(field.value);
      for (const u64 value : {~was, next_split_mix(random)}) {
        Patient other = broken;
        other.set(field.value, value);
        CHECK(breaks(lab, other, each.rule));
      }
    }
  }
}

TEST_CASE("the field that a verdict names is in the rule's row, and rows can be asked by field") {
  Lab lab;
  for (const Case& each : all_cases()) {
    Patient patient{lab.vmcs(), lab.capabilities};
    each.break_it(patient);
    const auto broken = broken_rules(patient.vmcs, {patient.capabilities, lab.memory, patient.host_in_long_mode});
    REQUIRE(!broken.empty());
    CHECK(lists(broken[0].rule, broken[0].field));
    const auto rules = spec::rules_of(broken[0].field);
    CHECK(std::find(rules.begin(), rules.end(), broken[0].rule) != rules.end());
  }
  CHECK(spec::rules_of(F::exit_reason).empty());
}

}  // namespace
}  // namespace trapline::vmx::test
