// The same rows as in rows.cpp, reduced to (value, name).
#include "spec/words.h"

#include <algorithm>

#include "spec/rows.h"

namespace trapline::spec {
namespace {

constexpr Word vector_words[] = {
#define VECTOR(name, number, class_, error_code, sentence) {number, #name},
#include "spec/vectors.def"
#undef VECTOR
};
constexpr Word exit_reason_words[] = {
#define EXIT_REASON(name, number, sentence) {number, #name},
#define ENTRY_FAILURE(name, number, sentence) {number, #name},
#include "spec/exit_reasons.def"
#undef EXIT_REASON
#undef ENTRY_FAILURE
};
constexpr Word vmcs_field_words[] = {
#define VMCS_16(name, encoding, model, text) {encoding, #name},
#define VMCS_64(name, encoding, model, text) {encoding, #name}, {encoding + 1, #name "_high"},
#define VMCS_32(name, encoding, model, text) {encoding, #name},
#define VMCS_NATURAL(name, encoding, model, text) {encoding, #name},
#include "spec/vmcs_fields.def"
#undef VMCS_16
#undef VMCS_64
#undef VMCS_32
#undef VMCS_NATURAL
};
constexpr Word entry_rule_words[] = {
#define ENTRY_RULE(name, number, group, section, must, hint) {number, #name},
#include "spec/entry_rules.def"
#undef ENTRY_RULE
};
constexpr Word msr_words[] = {
#define MSR(name, index, model, sentence) {index, #name},
#include "spec/msrs.def"
#undef MSR
};
constexpr Word vm_instruction_error_words[] = {
#define VM_INSTRUCTION_ERROR(name, number, sentence) {number, #name},
#include "spec/vm_instruction_errors.def"
#undef VM_INSTRUCTION_ERROR
};
static_assert(values_rise(vmcs_field_words) && names_differ(vmcs_field_words));

}  // namespace

std::span<const Word> vectors() { return vector_words; }
std::span<const Word> exit_reasons() { return exit_reason_words; }
std::span<const Word> vmcs_fields() { return vmcs_field_words; }
std::span<const Word> entry_rules() { return entry_rule_words; }
std::span<const Word> msr_indices() { return msr_words; }
std::span<const Word> vm_instruction_errors() { return vm_instruction_error_words; }

std::string_view word_of(std::span<const Word> words, u64 value) {
  const auto found = std::lower_bound(words.begin(), words.end(), value,
                                      [](const Word& word, u64 wanted) { return word.value < wanted; });
  return found != words.end() && found->value == value ? found->name : std::string_view();
}

}  // namespace trapline::spec
