// SDM vol. 3, "Checks on VMX Controls": VM-execution, VM-exit and VM-entry control fields.
#include "spec/vectors.h"
#include "vmx/entry_checks.h"
#include "vmx/ept_pointer.h"
#include "vmx/msr_areas.h"

namespace trapline::vmx::checks {
namespace {

Broken allowed(const View& view, const AllowedSettings& settings, VmcsField field) {
  return require(settings.allows(static_cast<u32>(view.get(field))), field);
}

Broken msr_area(const View& view, VmcsField count, VmcsField address) {
  const u64 entries = view.get(count);
  if (entries == 0) return holds;
  const u64 first = view.get(address);
  const u64 last = first + entries * msr_entry_bytes - 1;
  const bool valid = (first & 15) == 0 && last >= first && view.capabilities().within_physical_width(first) &&
                     view.capabilities().within_physical_width(last);
  return require(valid, address);
}

bool enables_ept(const View& view) { return view.secondary(secondary::enable_ept); }
EptPointer ept_pointer(const View& view) { return {view.get(VmcsField::ept_pointer)}; }

Broken io_bitmap(const View& view, VmcsField address) {
  return require(!view.primary(primary::use_io_bitmaps) || view.page_aligned(view.get(address)), address);
}

bool is_software_event(u8 type) {
  return type == static_cast<u8>(arch::EventType::software_interrupt) ||
         type == static_cast<u8>(arch::EventType::privileged_software_exception) ||
         type == static_cast<u8>(arch::EventType::software_exception);
}

bool pushes_error_code(u8 vector) {
  for (const spec::VectorInfo& row : spec::vector_rows())
    if (static_cast<u8>(row.value) == vector)
      return row.error_code != spec::ErrorCodeKind::none &&
             row.error_code != spec::ErrorCodeKind::control_protection;  // the model has no CET
  return false;
}

constexpr u8 other_event = 7;
constexpr VmcsField event_field = VmcsField::vm_entry_interruption_information;

}  // namespace

// ---- VM-execution control fields ---------------------------------------------------------------------------------
Broken pin_based_controls_supported(const View& view) {
  return allowed(view, view.capabilities().pin, VmcsField::pin_based_controls);
}
Broken primary_controls_supported(const View& view) {
  return allowed(view, view.capabilities().primary, VmcsField::primary_processor_based_controls);
}
Broken secondary_controls_supported(const View& view) {
  if (!view.primary(primary::activate_secondary_controls)) return holds;
  return allowed(view, view.capabilities().secondary, VmcsField::secondary_processor_based_controls);
}
Broken cr3_target_count_supported(const View& view) {
  return require(view.get(VmcsField::cr3_target_count) <= view.capabilities().cr3_targets(),
                 VmcsField::cr3_target_count);
}
Broken io_bitmap_a_address_valid(const View& view) { return io_bitmap(view, VmcsField::io_bitmap_a_address); }
Broken io_bitmap_b_address_valid(const View& view) { return io_bitmap(view, VmcsField::io_bitmap_b_address); }
Broken msr_bitmap_address_valid(const View& view) {
  return require(!view.primary(primary::use_msr_bitmaps) || view.page_aligned(view.get(VmcsField::msr_bitmap_address)),
                 VmcsField::msr_bitmap_address);
}
Broken virtual_nmis_need_nmi_exiting(const View& view) {
  return require(view.pin(pin::nmi_exiting) || !view.pin(pin::virtual_nmis), VmcsField::pin_based_controls);
}
Broken nmi_window_needs_virtual_nmis(const View& view) {
  return require(view.pin(pin::virtual_nmis) || !view.primary(primary::nmi_window_exiting),
                 VmcsField::primary_processor_based_controls);
}
Broken vpid_not_zero(const View& view) {
  return require(!view.secondary(secondary::enable_vpid) || view.get(VmcsField::virtual_processor_identifier) != 0,
                 VmcsField::virtual_processor_identifier);
}
Broken ept_memory_type_supported(const View& view) {
  return require(!enables_ept(view) || ept_pointer(view).memory_type_valid(view.capabilities()),
                 VmcsField::ept_pointer);
}
Broken ept_walk_length_supported(const View& view) {
  return require(!enables_ept(view) || ept_pointer(view).walk_length_valid(view.capabilities()),
                 VmcsField::ept_pointer);
}
Broken ept_accessed_dirty_supported(const View& view) {
  return require(!enables_ept(view) || ept_pointer(view).accessed_dirty_valid(view.capabilities()),
                 VmcsField::ept_pointer);
}
Broken ept_pointer_reserved_bits_zero(const View& view) {
  return require(!enables_ept(view) || ept_pointer(view).reserved_bits_zero(view.capabilities()),
                 VmcsField::ept_pointer);
}
Broken unrestricted_guest_needs_ept(const View& view) {
  return require(!view.unrestricted() || enables_ept(view), VmcsField::secondary_processor_based_controls);
}

// ---- VM-exit control fields ----------------------------------------------------------------------------------------
Broken exit_controls_supported(const View& view) {
  return allowed(view, view.capabilities().exit, VmcsField::vm_exit_controls);
}
Broken exit_msr_store_area_valid(const View& view) {
  return msr_area(view, VmcsField::vm_exit_msr_store_count, VmcsField::vm_exit_msr_store_address);
}
Broken exit_msr_load_area_valid(const View& view) {
  return msr_area(view, VmcsField::vm_exit_msr_load_count, VmcsField::vm_exit_msr_load_address);
}

// ---- VM-entry control fields ---------------------------------------------------------------------------------------
Broken entry_controls_supported(const View& view) {
  return allowed(view, view.capabilities().entry, VmcsField::vm_entry_controls);
}
Broken entry_event_type_supported(const View& view) {
  constexpr u8 reserved = 1;
  if (!view.has_event()) return holds;
  const bool trap_flag_offered = view.capabilities().primary.may_be_one & primary::monitor_trap_flag;
  return require(view.event_type() != reserved && (view.event_type() != other_event || trap_flag_offered), event_field);
}
Broken entry_event_vector_fits_type(const View& view) {
  const u8 vector = view.event_vector();
  if (view.injects(arch::EventType::nmi)) return require(vector == arch::vector::nmi, event_field);
  if (view.injects(arch::EventType::hardware_exception)) return require(vector <= 31, event_field);
  if (view.has_event() && view.event_type() == other_event) return require(vector == 0, event_field);
  return holds;
}
Broken entry_event_error_code_fits_vector(const View& view) {
  if (!view.has_event()) return holds;
  const bool protected_mode = !view.unrestricted() || (view.get(VmcsField::guest_cr0) & arch::cr0::pe);
  const bool expected =
      protected_mode && view.injects(arch::EventType::hardware_exception) && pushes_error_code(view.event_vector());
  const bool delivered = view.event() & interruption::error_code_valid;
  return require(delivered == expected, event_field);
}
Broken entry_event_reserved_bits_zero(const View& view) {
  return require(!view.has_event() || bits(view.event(), 30, 12) == 0, event_field);
}
Broken entry_event_error_code_fits(const View& view) {
  const bool delivered = view.has_event() && (view.event() & interruption::error_code_valid);
  return require(!delivered || bits(view.get(VmcsField::vm_entry_exception_error_code), 31, 16) == 0,
                 VmcsField::vm_entry_exception_error_code);
}
Broken entry_event_instruction_length_fits(const View& view) {
  if (!view.has_event() || !is_software_event(view.event_type())) return holds;
  const u64 length = view.get(VmcsField::vm_entry_instruction_length);
  const u64 least = view.capabilities().zero_length_injection() ? 0 : 1;
  return require(length >= least && length <= 15, VmcsField::vm_entry_instruction_length);
}
Broken entry_msr_load_area_valid(const View& view) {
  return msr_area(view, VmcsField::vm_entry_msr_load_count, VmcsField::vm_entry_msr_load_address);
}

}  // namespace trapline::vmx::checks
