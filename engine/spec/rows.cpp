// The tables themselves: each .def becomes one array, and what rows.h promises is checked here.
#include "spec/rows.h"

#include <algorithm>
#include <cassert>

#include "spec/entry_rules.h"
#include "spec/exit_reasons.h"
#include "spec/msrs.h"
#include "spec/vectors.h"
#include "spec/vm_instruction_errors.h"
#include "spec/vmcs_fields.h"

namespace trapline::spec {
namespace {

constexpr VectorInfo vector_table[] = {
#define VECTOR(name, number, class_, error_code, sentence) \
  {Vector::name, #name, ExceptionClass::class_, ErrorCodeKind::error_code, sentence},
#include "spec/vectors.def"
#undef VECTOR
};
static_assert(values_rise(vector_table) && names_differ(vector_table));

constexpr ExitReasonInfo exit_reason_table[] = {
#define EXIT_REASON(name, number, sentence) {number, #name, sentence},
#define ENTRY_FAILURE(name, number, sentence) {number, #name, sentence},
#include "spec/exit_reasons.def"
#undef EXIT_REASON
#undef ENTRY_FAILURE
};
static_assert(values_rise(exit_reason_table) && names_differ(exit_reason_table));

constexpr VmInstructionErrorInfo vm_instruction_error_table[] = {
#define VM_INSTRUCTION_ERROR(name, number, sentence) {VmInstructionError::name, #name, sentence},
#include "spec/vm_instruction_errors.def"
#undef VM_INSTRUCTION_ERROR
};
static_assert(values_rise(vm_instruction_error_table) && names_differ(vm_instruction_error_table));

constexpr bool yes = true;
constexpr bool no = false;
constexpr VmcsFieldInfo vmcs_field_table[] = {
#define VMCS_16(name, encoding, model, text) {VmcsField::name, #name, text, FieldWidth::bits_16, model},
#define VMCS_64(name, encoding, model, text) {VmcsField::name, #name, text, FieldWidth::bits_64, model},
#define VMCS_32(name, encoding, model, text) {VmcsField::name, #name, text, FieldWidth::bits_32, model},
#define VMCS_NATURAL(name, encoding, model, text) {VmcsField::name, #name, text, FieldWidth::natural, model},
#include "spec/vmcs_fields.def"
#undef VMCS_16
#undef VMCS_64
#undef VMCS_32
#undef VMCS_NATURAL
};
static_assert(values_rise(vmcs_field_table) && names_differ(vmcs_field_table));

consteval bool encodings_imply_widths() {
  for (const VmcsFieldInfo& field : vmcs_field_table) {
    const u32 encoding = static_cast<u32>(field.value);
    if (width_of_field(encoding) != field.width || is_high_half(encoding)) return false;
  }
  return true;
}
static_assert(encodings_imply_widths());

constexpr EntryRuleInfo entry_rule_table[] = {
#define ENTRY_RULE(name, number, group, section, must, hint) \
  {EntryRule::name, #name, EntryRuleGroup::group, section, must, hint},
#include "spec/entry_rules.def"
#undef ENTRY_RULE
};
static_assert(values_rise(entry_rule_table) && names_differ(entry_rule_table));

constexpr MsrModel msr_model(std::string_view word) {
  if (word == "register") return MsrModel::register_;
  return word == "fixed" ? MsrModel::fixed : MsrModel::absent;
}
constexpr MsrInfo msr_table[] = {
#define MSR(name, index, model, sentence) {MsrIndex::name, #name, msr_model(#model), sentence},
#include "spec/msrs.def"
#undef MSR
};
static_assert(values_rise(msr_table) && names_differ(msr_table));

}  // namespace

std::span<const VectorInfo> vector_rows() { return vector_table; }
std::span<const ExitReasonInfo> exit_reason_rows() { return exit_reason_table; }
std::span<const VmInstructionErrorInfo> vm_instruction_error_rows() { return vm_instruction_error_table; }
std::span<const VmcsFieldInfo> vmcs_field_rows() { return vmcs_field_table; }
std::span<const EntryRuleInfo> entry_rule_rows() { return entry_rule_table; }
std::span<const MsrInfo> msr_rows() { return msr_table; }

const VmcsFieldInfo* find_vmcs_field(u32 encoding) {
  const auto found =
      std::lower_bound(std::begin(vmcs_field_table), std::end(vmcs_field_table), encoding,
                       [](const VmcsFieldInfo& field, u32 wanted) { return static_cast<u32>(field.value) < wanted; });
  return found != std::end(vmcs_field_table) && static_cast<u32>(found->value) == encoding ? found : nullptr;
}

const EntryRuleInfo& info_of(EntryRule rule) {
  const auto found = std::find_if(std::begin(entry_rule_table), std::end(entry_rule_table),
                                  [rule](const EntryRuleInfo& row) { return row.value == rule; });
  assert(found != std::end(entry_rule_table));
  return *found;
}

}  // namespace trapline::spec
