// Every rule of VM entry has at least one VMCS that breaks exactly that rule and is refused by its name.
#include <doctest/doctest.h>
#include <set>

#include "entry_rule_cases.h"

namespace trapline::vmx::test {
namespace {

std::vector<Case> all_cases() {
  std::vector<Case> cases(control_and_host_cases().begin(), control_and_host_cases().end());
  cases.insert(cases.end(), guest_cases().begin(), guest_cases().end());
  return cases;
}

std::string names_of(const std::vector<BrokenRule>& broken) {
  std::string text;
  for (const BrokenRule& each : broken) text += std::string(spec::info_of(each.rule).name) + " ";
  return text;
}

std::vector<BrokenRule> judged(const Lab& lab, const Patient& patient) {
  return broken_rules(patient.vmcs, {patient.capabilities, lab.memory, patient.host_in_long_mode});
}

TEST_CASE("the valid VMCS breaks no rule, nor do its 32-bit, virtual-8086 and unrestricted relatives") {
  Lab lab;
  const Patient healthy{lab.vmcs(), lab.capabilities};
  CHECK(names_of(judged(lab, healthy)) == "");
  for (void (Patient::*make)() : {&Patient::offer_everything, &Patient::make_legacy_guest, &Patient::make_virtual_8086,
                                  &Patient::make_legacy_host, &Patient::make_unrestricted}) {
    Patient relative = healthy;
    (relative.*make)();
    CHECK(names_of(judged(lab, relative)) == "");
  }
}

TEST_CASE("forms of segments that the manual allows are accepted") {
  Lab lab;
  struct Form {
    F field;
    u64 access_rights;
    bool unrestricted;
  };
  const Form forms[] = {{F::guest_cs_access_rights, 0xa099, false},  {F::guest_cs_access_rights, 0xa09d, false},
                        {F::guest_cs_access_rights, 0xa09f, false},  {F::guest_cs_access_rights, 0xc093, true},
                        {F::guest_ss_access_rights, 0xc097, false},  {F::guest_ss_access_rights, 0x10000, false},
                        {F::guest_ds_access_rights, 0xc091, false},  {F::guest_ds_access_rights, 0xc09b, false},
                        {F::guest_fs_access_rights, 0x10000, false}, {F::guest_ldtr_access_rights, 0x82, false}};
  for (const Form& form : forms) {
    Patient patient{lab.vmcs(), lab.capabilities};
    if (form.unrestricted) patient.make_unrestricted();
    patient.set(form.field, form.access_rights);
    CAPTURE(form.access_rights);
    CHECK(names_of(judged(lab, patient)) == "");
  }
}

TEST_CASE("rules that a control or a mode switches off are off") {
  Lab lab;
  Patient patient{lab.vmcs(), lab.capabilities};
  patient.make_unrestricted();  // selectors of different privilege levels, as real mode has them
  patient.add(F::guest_cs_selector, 3);
  CHECK(names_of(judged(lab, patient)) == "");
  patient = {lab.vmcs(), lab.capabilities};
  patient.make_legacy_guest();  // LME before paging
  patient.add(F::secondary_processor_based_controls, secondary::unrestricted_guest);
  patient.drop(F::guest_cr0, bit(31));
  patient.set(F::guest_efer, arch::efer::lme);
  CHECK(names_of(judged(lab, patient)) == "");
  patient = {lab.vmcs(), lab.capabilities};
  patient.drop(F::vm_entry_controls,
               entry_control::load_efer | entry_control::load_pat | entry_control::load_debug_controls);
  patient.drop(F::vm_exit_controls, exit_control::load_efer | exit_control::load_pat);
  for (const F field : {F::guest_efer, F::guest_pat, F::guest_dr7, F::guest_debugctl, F::host_efer, F::host_pat})
    patient.set(field, ~0ULL);
  CHECK(names_of(judged(lab, patient)) == "");
}

TEST_CASE("each broken VMCS is refused by exactly its rule") {
  Lab lab;
  for (const Case& each : all_cases()) {
    Patient patient{lab.vmcs(), lab.capabilities};
    each.break_it(patient);
    const std::vector<BrokenRule> broken = judged(lab, patient);
    CHECK(names_of(broken) == std::string(spec::info_of(each.rule).name) + " ");
    REQUIRE(!broken.empty());
    CHECK(broken[0].value == patient.vmcs.get(broken[0].field));
    const EntryContext context{patient.capabilities, lab.memory, patient.host_in_long_mode};
    CHECK(first_broken_rule(patient.vmcs, context) == broken[0]);
  }
}

TEST_CASE("no rule is without a VMCS that breaks it") {
  std::set<EntryRule> tested;
  for (const Case& each : all_cases()) tested.insert(each.rule);
  for (const spec::EntryRuleInfo& rule : spec::entry_rule_rows()) {
    CAPTURE(rule.name);
    CHECK(tested.count(rule.value) == 1);
  }
}

// Through the instruction: VMfailValid 7 and 8, or a VM-entry failure, each with its event.
TEST_CASE("the group of a rule decides how VM entry fails") {
  for (const Case& each : all_cases()) {
    Lab lab;
    Patient patient{lab.vmcs(), lab.capabilities};
    each.break_it(patient);
    lab.vmcs() = patient.vmcs;
    lab.capabilities = patient.capabilities;
    arch::CpuState state = host_state();
    if (!patient.host_in_long_mode) state.efer = 0;
    const arch::CpuState before = state;
    const EntryResult result = enter(lab.unit, EntryKind::launch, state, lab.bus);
    const spec::EntryRuleInfo& rule = spec::info_of(each.rule);
    CAPTURE(rule.name);
    REQUIRE(result.broken);
    CHECK(result.broken->rule == each.rule);
    CHECK(lab.vmcs().launch_state() == LaunchState::clear);
    const auto checks = lab.events<trace::EntryCheck>();
    REQUIRE(checks.size() == 1);
    CHECK(checks[0].rule == static_cast<u32>(each.rule));
    CHECK(checks[0].field == static_cast<u32>(result.broken->field));
    CHECK(lab.events<trace::VmEntry>().empty());
    if (rule.group == spec::EntryRuleGroup::guest_state) {
      CHECK(result.way == EntryResult::Way::entry_failure);
      CHECK(lab.vmcs().get(F::exit_reason) == 0x80000021);
      CHECK(state.rip == lab.vmcs().get(F::host_rip));
      const auto exits = lab.events<trace::VmExit>();
      REQUIRE(exits.size() == 1);
      CHECK(exits[0].reason == 0x80000021);
    } else {
      const u64 error = rule.group == spec::EntryRuleGroup::controls ? 7 : 8;
      CHECK(result.way == EntryResult::Way::failed);
      CHECK(result.instruction.way == InstructionResult::Way::fail_valid);
      CHECK(lab.vmcs().get(F::vm_instruction_error) == error);
      CHECK(state == before);
      CHECK(lab.events<trace::VmExit>().empty());
    }
  }
}

TEST_CASE("PDPTEs come from memory where there is no EPT") {
  Lab lab;
  Patient patient{lab.vmcs(), lab.capabilities};
  patient.make_legacy_guest();
  patient.drop(F::secondary_processor_based_controls, secondary::enable_ept);
  patient.set(F::guest_cr3, 0x9000);
  CHECK(names_of(judged(lab, patient)) == "");
  lab.memory.write(Hpa(0x9008), 8, 0x1000 | 1 | bit(5), trace::Writer::monitor);
  CHECK(names_of(judged(lab, patient)) == "guest_pdptes_reserved_bits_zero ");
}

// SDM vol. 3, "VM-Entry Failures During or After Loading Guest State": the qualifications that are not 0.
TEST_CASE("some entry failures say more in the exit qualification") {
  const auto qualification_after = [](auto change) {
    Lab lab;
    change(lab.vmcs());
    arch::CpuState state = host_state();
    (void)enter(lab.unit, EntryKind::launch, state, lab.bus);
    return lab.vmcs().get(F::exit_qualification);
  };
  CHECK(qualification_after([](Vmcs& vmcs) { vmcs.set(F::vmcs_link_pointer, 8); }) == 4);
  CHECK(qualification_after([](Vmcs& vmcs) { vmcs.set(F::guest_rflags, 0); }) == 0);
  CHECK(qualification_after([](Vmcs& vmcs) {
          vmcs.set(F::guest_interruptibility_state, 2);
          vmcs.set(F::vm_entry_interruption_information, bit(31) | 2 << 8 | 2);
        }) == 3);
}

}  // namespace
}  // namespace trapline::vmx::test
