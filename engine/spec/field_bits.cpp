#include "spec/field_bits.h"

#include <algorithm>
#include <iterator>

#include "base/bits.h"
#include "spec/exit_reasons.h"
#include "spec/vectors.h"
#include "spec/vmcs_fields.h"

namespace trapline::spec {

namespace {

constexpr FieldBits bits_table[] = {
#define FIELD_BITS(form, high, low, name, english, chinese) {FieldForm::form, high, low, name, {english, chinese}},
#define FIELD_VALUE(form, low, value, word)
#include "spec/field_bits.def"
#undef FIELD_BITS
#undef FIELD_VALUE
};

struct ValueRow {
  FieldForm form;
  u8 low;
  u64 value;
  std::string_view word;
};
constexpr ValueRow value_table[] = {
#define FIELD_BITS(form, high, low, name, english, chinese)
#define FIELD_VALUE(form, low, value, word) {FieldForm::form, low, value, word},
#include "spec/field_bits.def"
#undef FIELD_BITS
#undef FIELD_VALUE
};

// Forms follow each other in the enum's order, none is missing, and within a form no bit has two names.
consteval bool rows_are_in_order() {
  unsigned form = 0, next_bit = 0;
  for (const FieldBits& row : bits_table) {
    if (static_cast<unsigned>(row.form) == form + 1) {
      ++form;
      next_bit = 0;
    }
    if (static_cast<unsigned>(row.form) != form || row.low < next_bit || row.high < row.low || row.high > 63)
      return false;
    next_bit = row.high + 1U;
  }
  return form + 1 == field_form_count;
}
static_assert(rows_are_in_order());

// A word stands for a number of a field that is there and that the number fits.
consteval bool values_fit() {
  for (const ValueRow& value : value_table) {
    bool fits = false;
    for (const FieldBits& row : bits_table)
      if (row.form == value.form && row.low == value.low)
        fits = !row.single() && value.value <= bit_mask(row.high - row.low, 0);
    if (!fits) return false;
  }
  return true;
}
static_assert(values_fit());

std::optional<FieldForm> form_of_register(VmcsField field) {
  switch (field) {
    case VmcsField::guest_cr0:
    case VmcsField::host_cr0:
    case VmcsField::cr0_guest_host_mask:
    case VmcsField::cr0_read_shadow:
      return FieldForm::cr0;
    case VmcsField::guest_cr3:
    case VmcsField::host_cr3:
      return FieldForm::cr3;
    case VmcsField::guest_cr4:
    case VmcsField::host_cr4:
    case VmcsField::cr4_guest_host_mask:
    case VmcsField::cr4_read_shadow:
      return FieldForm::cr4;
    case VmcsField::guest_efer:
    case VmcsField::host_efer:
      return FieldForm::efer;
    case VmcsField::guest_rflags:
      return FieldForm::rflags;
    case VmcsField::guest_dr7:
      return FieldForm::dr7;
    default:
      return std::nullopt;
  }
}

std::optional<FieldForm> form_of_control(VmcsField field) {
  switch (field) {
    case VmcsField::pin_based_controls:
      return FieldForm::pin_based;
    case VmcsField::primary_processor_based_controls:
      return FieldForm::primary;
    case VmcsField::secondary_processor_based_controls:
      return FieldForm::secondary;
    case VmcsField::vm_exit_controls:
      return FieldForm::vm_exit;
    case VmcsField::vm_entry_controls:
      return FieldForm::vm_entry;
    case VmcsField::exception_bitmap:
      return FieldForm::exception_bitmap;
    case VmcsField::page_fault_error_code_mask:
    case VmcsField::page_fault_error_code_match:
      return FieldForm::page_fault_error;
    case VmcsField::ept_pointer:
      return FieldForm::ept_pointer;
    case VmcsField::vm_entry_interruption_information:
      return FieldForm::entry_interruption;
    default:
      return std::nullopt;
  }
}

std::optional<FieldForm> form_of_state(VmcsField field) {
  switch (field) {
    case VmcsField::guest_activity_state:
      return FieldForm::activity;
    case VmcsField::guest_interruptibility_state:
      return FieldForm::interruptibility;
    case VmcsField::guest_pending_debug_exceptions:
      return FieldForm::pending_debug;
    case VmcsField::exit_reason:
      return FieldForm::exit_reason;
    case VmcsField::vm_exit_interruption_information:
    case VmcsField::idt_vectoring_information:
      return FieldForm::exit_interruption;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::span<const FieldBits> field_bits_of(FieldForm form) {
  const auto first = std::find_if(std::begin(bits_table), std::end(bits_table),
                                  [&](const FieldBits& row) { return row.form == form; });
  const auto last = std::find_if(first, std::end(bits_table), [&](const FieldBits& row) { return row.form != form; });
  return {first, last};
}

u64 reserved_of(FieldForm form) {
  u64 named = 0;
  for (const FieldBits& row : field_bits_of(form)) named |= bit_mask(row.high, row.low);
  return ~named;
}

std::string_view value_word(FieldForm form, unsigned low, u64 value) {
  for (const ValueRow& row : value_table)
    if (row.form == form && row.low == low && row.value == value) return row.word;
  return {};
}

std::optional<FieldForm> form_of_vmcs_field(u32 encoding) {
  const auto field = static_cast<VmcsField>(encoding);
  if (encoding >= static_cast<u32>(VmcsField::guest_es_access_rights) &&
      encoding <= static_cast<u32>(VmcsField::guest_tr_access_rights) && !is_high_half(encoding))
    return FieldForm::access_rights;
  if (const auto form = form_of_register(field)) return form;
  if (const auto form = form_of_control(field)) return form;
  return form_of_state(field);
}

std::optional<FieldForm> form_of_qualification(u32 reason, u8 vector) {
  switch (static_cast<ExitReason>(reason & 0xffff)) {
    case ExitReason::EXCEPTION_NMI:
      return vector == static_cast<u8>(Vector::DB) ? std::optional(FieldForm::qualification_debug) : std::nullopt;
    case ExitReason::TASK_SWITCH:
      return FieldForm::qualification_task;
    case ExitReason::CR_ACCESS:
      return FieldForm::qualification_cr;
    case ExitReason::DR_ACCESS:
      return FieldForm::qualification_dr;
    case ExitReason::IO_INSTRUCTION:
      return FieldForm::qualification_io;
    case ExitReason::EPT_VIOLATION:
      return FieldForm::qualification_ept;
    default:
      return std::nullopt;
  }
}

}  // namespace trapline::spec
