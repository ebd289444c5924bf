// The bits of registers and VMCS fields, for showing a value in words (field_bits.def).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/integers.h"
#include "base/language.h"

namespace trapline::spec {

// In the order of field_bits.def.
enum class FieldForm : u8 {
  rflags,
  cr0,
  cr3,
  cr4,
  efer,
  dr7,
  pin_based,
  primary,
  secondary,
  vm_exit,
  vm_entry,
  exception_bitmap,
  ept_pointer,
  access_rights,
  activity,
  interruptibility,
  pending_debug,
  entry_interruption,
  exit_interruption,
  exit_reason,
  page_fault_error,
  qualification_debug,
  qualification_task,
  qualification_cr,
  qualification_dr,
  qualification_io,
  qualification_ept,
};
inline constexpr unsigned field_form_count = 27;

struct FieldBits {
  FieldForm form;
  u8 high, low;
  std::string_view name;
  Sentence meaning;

  constexpr bool single() const { return high == low; }
};

// The rows of one form, low to high; bits that none of them covers are reserved.
std::span<const FieldBits> field_bits_of(FieldForm form);
// Those reserved bits, as a mask over 64.
u64 reserved_of(FieldForm form);
// The word for the number in the field of several bits that begins at `low`; empty where there is none.
std::string_view value_word(FieldForm form, unsigned low, u64 value);

// How the VMCS field with this encoding is made of bits; nothing where it is a plain number or address, or where
// another field decides (the exit qualification).
std::optional<FieldForm> form_of_vmcs_field(u32 encoding);
// The form of the exit qualification of a basic exit reason; of exceptions only for #DB (`vector`).
std::optional<FieldForm> form_of_qualification(u32 reason, u8 vector);

}  // namespace trapline::spec
