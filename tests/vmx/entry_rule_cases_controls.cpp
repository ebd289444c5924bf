// Controls and host state, broken one rule at a time.
#include "entry_rule_cases.h"

namespace trapline::vmx::test {
namespace {

const Case cases[] = {
    // ---- controls
    {EntryRule::pin_based_controls_supported, [](Patient& p) { p.add(F::pin_based_controls, pin::virtual_nmis); }},
    {EntryRule::pin_based_controls_supported, [](Patient& p) { p.drop(F::pin_based_controls, 1 << 1); }},
    {EntryRule::primary_controls_supported,
     [](Patient& p) { p.add(F::primary_processor_based_controls, primary::use_tpr_shadow); }},
    {EntryRule::primary_controls_supported, [](Patient& p) { p.drop(F::primary_processor_based_controls, 1 << 26); }},
    {EntryRule::secondary_controls_supported,
     [](Patient& p) { p.add(F::secondary_processor_based_controls, secondary::enable_pml); }},
    {EntryRule::cr3_target_count_supported, [](Patient& p) { p.set(F::cr3_target_count, 5); }},
    {EntryRule::io_bitmap_a_address_valid, [](Patient& p) { p.add(F::io_bitmap_a_address, 8); }},
    {EntryRule::io_bitmap_a_address_valid, [](Patient& p) { p.set(F::io_bitmap_a_address, beyond_width); }},
    {EntryRule::io_bitmap_b_address_valid, [](Patient& p) { p.add(F::io_bitmap_b_address, 0x800); }},
    {EntryRule::msr_bitmap_address_valid, [](Patient& p) { p.add(F::msr_bitmap_address, 1); }},
    {EntryRule::virtual_nmis_need_nmi_exiting,
     [](Patient& p) {
       p.offer_everything();
       p.drop(F::pin_based_controls, pin::nmi_exiting);
       p.add(F::pin_based_controls, pin::virtual_nmis);
     }},
    {EntryRule::nmi_window_needs_virtual_nmis,
     [](Patient& p) {
       p.offer_everything();
       p.add(F::primary_processor_based_controls, primary::nmi_window_exiting);
     }},
    {EntryRule::vpid_not_zero, [](Patient& p) { p.set(F::virtual_processor_identifier, 0); }},
    {EntryRule::ept_memory_type_supported, [](Patient& p) { p.set(F::ept_pointer, ept_root.value | 3 << 3 | 1); }},
    {EntryRule::ept_walk_length_supported, [](Patient& p) { p.set(F::ept_pointer, ept_root.value | 2 << 3 | 6); }},
    {EntryRule::ept_accessed_dirty_supported,
     [](Patient& p) {
       p.capabilities.ept_vpid &= ~ept_vpid_capability::accessed_dirty;
       p.add(F::ept_pointer, 1 << 6);
     }},
    {EntryRule::ept_pointer_reserved_bits_zero, [](Patient& p) { p.add(F::ept_pointer, 1 << 7); }},
    {EntryRule::ept_pointer_reserved_bits_zero, [](Patient& p) { p.add(F::ept_pointer, beyond_width); }},
    {EntryRule::unrestricted_guest_needs_ept,
     [](Patient& p) {
       p.make_unrestricted();
       p.drop(F::secondary_processor_based_controls, secondary::enable_ept);
     }},
    {EntryRule::exit_controls_supported,
     [](Patient& p) { p.add(F::vm_exit_controls, exit_control::save_preemption_timer); }},
    {EntryRule::exit_controls_supported, [](Patient& p) { p.drop(F::vm_exit_controls, 1 << 16); }},
    {EntryRule::exit_msr_store_area_valid,
     [](Patient& p) {
       p.set(F::vm_exit_msr_store_count, 1);
       p.set(F::vm_exit_msr_store_address, 8);
     }},
    {EntryRule::exit_msr_load_area_valid,
     [](Patient& p) {
       p.set(F::vm_exit_msr_load_count, 2);  // the first entry fits, the second does not
       p.set(F::vm_exit_msr_load_address, beyond_width - 16);
     }},
    {EntryRule::entry_controls_supported, [](Patient& p) { p.add(F::vm_entry_controls, entry_control::entry_to_smm); }},
    {EntryRule::entry_controls_supported, [](Patient& p) { p.drop(F::vm_entry_controls, 1 << 12); }},
    {EntryRule::entry_event_type_supported, [](Patient& p) { p.inject(0x20, 1); }},
    {EntryRule::entry_event_type_supported, [](Patient& p) { p.inject(0, 7); }},
    {EntryRule::entry_event_vector_fits_type, [](Patient& p) { p.inject(3, 2); }},
    {EntryRule::entry_event_vector_fits_type, [](Patient& p) { p.inject(32, 3); }},
    {EntryRule::entry_event_vector_fits_type,
     [](Patient& p) {
       p.offer_everything();
       p.inject(1, 7);
     }},
    {EntryRule::entry_event_error_code_fits_vector, [](Patient& p) { p.inject(13, 3, false); }},
    {EntryRule::entry_event_error_code_fits_vector, [](Patient& p) { p.inject(6, 3, true); }},
    {EntryRule::entry_event_error_code_fits_vector, [](Patient& p) { p.inject(2, 2, true); }},
    {EntryRule::entry_event_reserved_bits_zero,
     [](Patient& p) {
       p.inject(2, 2);
       p.add(F::vm_entry_interruption_information, bit(12));
     }},
    {EntryRule::entry_event_error_code_fits,
     [](Patient& p) {
       p.inject(14, 3, true);
       p.set(F::vm_entry_exception_error_code, 0x10000);
     }},
    {EntryRule::entry_event_instruction_length_fits, [](Patient& p) { p.inject(0x80, 4); }},
    {EntryRule::entry_event_instruction_length_fits,
     [](Patient& p) {
       p.inject(3, 6);
       p.set(F::vm_entry_instruction_length, 16);
     }},
    {EntryRule::entry_msr_load_area_valid,
     [](Patient& p) {
       p.set(F::vm_entry_msr_load_count, 1);
       p.set(F::vm_entry_msr_load_address, msr_area.value + 1);
     }},
    // ---- host state
    {EntryRule::host_cr0_fixed_bits, [](Patient& p) { p.drop(F::host_cr0, bit(5)); }},
    {EntryRule::host_cr0_fixed_bits, [](Patient& p) { p.add(F::host_cr0, bit(32)); }},
    {EntryRule::host_cr4_fixed_bits, [](Patient& p) { p.drop(F::host_cr4, bit(13)); }},
    {EntryRule::host_cr4_fixed_bits, [](Patient& p) { p.add(F::host_cr4, bit(12)); }},
    {EntryRule::host_cr3_within_width, [](Patient& p) { p.add(F::host_cr3, beyond_width); }},
    {EntryRule::host_sysenter_esp_canonical, [](Patient& p) { p.set(F::host_sysenter_esp, not_canonical); }},
    {EntryRule::host_sysenter_eip_canonical, [](Patient& p) { p.set(F::host_sysenter_eip, not_canonical); }},
    {EntryRule::host_pat_types_valid, [](Patient& p) { p.set(F::host_pat, 0x0200000000000000); }},
    {EntryRule::host_efer_reserved_bits_zero, [](Patient& p) { p.add(F::host_efer, bit(1)); }},
    {EntryRule::host_efer_matches_address_space, [](Patient& p) { p.drop(F::host_efer, bit(10)); }},
    {EntryRule::host_selectors_rpl_ti_zero, [](Patient& p) { p.add(F::host_ds_selector, 3); }},
    {EntryRule::host_selectors_rpl_ti_zero, [](Patient& p) { p.add(F::host_tr_selector, 4); }},
    {EntryRule::host_cs_not_null, [](Patient& p) { p.set(F::host_cs_selector, 0); }},
    {EntryRule::host_tr_not_null, [](Patient& p) { p.set(F::host_tr_selector, 0); }},
    {EntryRule::host_ss_not_null_in_32_bit,
     [](Patient& p) {
       p.make_legacy_host();
       p.set(F::host_ss_selector, 0);
     }},
    {EntryRule::host_bases_canonical, [](Patient& p) { p.set(F::host_gdtr_base, not_canonical); }},
    {EntryRule::legacy_host_stays_legacy,
     [](Patient& p) {
       p.make_legacy_guest();
       p.host_in_long_mode = false;
     }},
    {EntryRule::long_mode_host_returns_to_long_mode,
     [](Patient& p) {
       p.make_legacy_host();
       p.host_in_long_mode = true;
     }},
    {EntryRule::host_in_32_bit_is_plain,
     [](Patient& p) {
       p.make_legacy_host();
       p.add(F::host_rip, bit(32));
     }},
    {EntryRule::host_in_32_bit_is_plain,
     [](Patient& p) {
       p.make_legacy_host();
       p.add(F::host_cr4, bit(17));
     }},
    {EntryRule::host_in_64_bit_has_pae, [](Patient& p) { p.drop(F::host_cr4, bit(5)); }},
    {EntryRule::host_rip_canonical, [](Patient& p) { p.set(F::host_rip, not_canonical); }},
};

}  // namespace

std::span<const Case> control_and_host_cases() { return cases; }

}  // namespace trapline::vmx::test
