// The order of things in VM entry, and the table that binds each rule's row to its function.
#include "vmx/entry.h"

#include "vmx/entry_checks.h"
#include "vmx/exit.h"
#include "vmx/guest_view.h"
#include "vmx/msr_areas.h"

namespace trapline::vmx {
namespace {

using spec::EntryRule;
using spec::EntryRuleGroup;
using spec::VmInstructionError;

struct BoundRule {
  EntryRule rule;
  EntryRuleGroup group;
  checks::Broken (*check)(const checks::View& view);
};

constexpr BoundRule bound_rules[] = {
#define ENTRY_RULE(name, number, group, section, must, hint) {EntryRule::name, EntryRuleGroup::group, checks::name},
#include "spec/entry_rules.def"
#undef ENTRY_RULE
};

std::optional<BrokenRule> judge(const BoundRule& bound, const checks::View& view) {
  const checks::Broken field = bound.check(view);
  if (!field) return std::nullopt;
  return BrokenRule{bound.rule, *field, view.get(*field)};
}

// "Basic VM-Entry Checks"
std::optional<VmInstructionError> basic_check(const Vmcs& vmcs, EntryKind kind, const arch::CpuState& state) {
  if (state.blocking_by_mov_ss) return VmInstructionError::ENTRY_BLOCKED_BY_MOV_SS;
  const bool launched = vmcs.launch_state() == LaunchState::launched;
  if (kind == EntryKind::launch && launched) return VmInstructionError::VMLAUNCH_NOT_CLEAR;
  if (kind == EntryKind::resume && !launched) return VmInstructionError::VMRESUME_NOT_LAUNCHED;
  return std::nullopt;
}

// Exit qualification of a VM-entry failure due to invalid guest state.
u64 failure_qualification(EntryRule rule) {
  switch (rule) {
    case EntryRule::guest_pdptes_reserved_bits_zero:
      return 2;
    case EntryRule::guest_nmi_needs_no_mov_ss_blocking:
      return 3;
    case EntryRule::guest_link_pointer_aligned:
    case EntryRule::guest_link_pointer_revision:
    case EntryRule::guest_link_pointer_not_current:
      return 4;
    default:
      return 0;
  }
}

EntryResult instruction_failed(VmxUnit& unit, VmInstructionError error) {
  EntryResult result;
  result.way = EntryResult::Way::failed;
  result.instruction = unit.fail(error);
  return result;
}

// "VM-Entry Failures During or After Loading Guest State": exit reason and qualification, then the host's state.
EntryResult entry_failed(VmxUnit& unit, spec::ExitReason reason, u64 qualification, arch::CpuState& state,
                         trace::Bus& bus) {
  Vmcs& vmcs = unit.current();
  EntryResult result;
  result.way = EntryResult::Way::entry_failure;
  result.exit.reason = reason;
  result.exit.entry_failure = true;
  result.exit.qualification = qualification;
  vmcs.set(VmcsField::exit_reason, result.exit.reason_field());
  vmcs.set(VmcsField::exit_qualification, qualification);
  emit_exit(bus, result.exit, vmcs.get(VmcsField::guest_rip));
  return_to_host(unit, state);
  return result;
}

EntryResult refused(VmxUnit& unit, const BrokenRule& broken, arch::CpuState& state, trace::Bus& bus) {
  bus.emit(trace::EntryCheck{static_cast<u32>(broken.rule), static_cast<u32>(broken.field), broken.value});
  EntryResult result;
  switch (spec::info_of(broken.rule).group) {
    case EntryRuleGroup::controls:
      result = instruction_failed(unit, VmInstructionError::ENTRY_INVALID_CONTROLS);
      break;
    case EntryRuleGroup::host_state:
      result = instruction_failed(unit, VmInstructionError::ENTRY_INVALID_HOST_STATE);
      break;
    case EntryRuleGroup::guest_state:
      result = entry_failed(unit, spec::ExitReason::INVALID_STATE, failure_qualification(broken.rule), state, bus);
      break;
  }
  result.broken = broken;
  return result;
}

}  // namespace

std::optional<BrokenRule> first_broken_rule(const Vmcs& vmcs, const EntryContext& context) {
  const checks::View view{vmcs, context};
  for (const BoundRule& bound : bound_rules)
    if (const std::optional<BrokenRule> broken = judge(bound, view)) return broken;
  return std::nullopt;
}

std::vector<BrokenRule> broken_rules(const Vmcs& vmcs, const EntryContext& context) {
  const checks::View view{vmcs, context};
  std::vector<BrokenRule> all;
  for (const BoundRule& bound : bound_rules)
    if (const std::optional<BrokenRule> broken = judge(bound, view)) all.push_back(*broken);
  return all;
}

std::optional<arch::Delivery> injected_event(const Vmcs& vmcs) {
  const u32 information = static_cast<u32>(vmcs.get(VmcsField::vm_entry_interruption_information));
  if (!(information & interruption::valid)) return std::nullopt;
  arch::Delivery event;
  event.vector = information & interruption::vector_mask;
  event.type = static_cast<arch::EventType>((information & interruption::type_mask) >> interruption::type_shift);
  event.has_error_code = information & interruption::error_code_valid;
  if (event.has_error_code) event.error_code = static_cast<u32>(vmcs.get(VmcsField::vm_entry_exception_error_code));
  const bool software = event.type == arch::EventType::software_interrupt ||
                        event.type == arch::EventType::privileged_software_exception ||
                        event.type == arch::EventType::software_exception;
  if (software) event.instruction_length = static_cast<u8>(vmcs.get(VmcsField::vm_entry_instruction_length));
  return event;
}

EntryResult enter(VmxUnit& unit, EntryKind kind, arch::CpuState& state, trace::Bus& bus) {
  if (!unit.has_current()) {
    EntryResult result;
    result.way = EntryResult::Way::failed;
    result.instruction.way = InstructionResult::Way::fail_invalid;
    return result;
  }
  Vmcs& vmcs = unit.current();
  if (const auto error = basic_check(vmcs, kind, state)) return instruction_failed(unit, *error);
  const bool long_mode = state.efer & arch::efer::lma;
  const EntryContext context{unit.capabilities(), unit.memory(), long_mode};
  if (const auto broken = first_broken_rule(vmcs, context)) return refused(unit, *broken, state, bus);

  load_guest_state(vmcs, state);
  const u32 count = static_cast<u32>(vmcs.get(VmcsField::vm_entry_msr_load_count));
  const Hpa area(vmcs.get(VmcsField::vm_entry_msr_load_address));
  if (const auto number = load_msr_area(unit.memory(), area, count, unit.capabilities(), state))
    return entry_failed(unit, spec::ExitReason::MSR_LOAD_FAIL, *number, state, bus);

  vmcs.set_launch_state(LaunchState::launched);
  EntryResult result;
  result.injected = injected_event(vmcs);
  bus.emit(trace::VmEntry{
      state.rip, static_cast<u32>(vmcs.get(VmcsField::vm_entry_interruption_information)),
      static_cast<u32>(result.injected && result.injected->has_error_code ? result.injected->error_code : 0),
      vpid_of(vmcs), kind == EntryKind::launch});
  return result;
}

}  // namespace trapline::vmx
