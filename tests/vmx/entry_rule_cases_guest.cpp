// Guest state, broken one rule at a time.
#include "entry_rule_cases.h"

namespace trapline::vmx::test {
namespace {

const Case cases[] = {
    // ---- guest state: registers
    {EntryRule::guest_cr0_fixed_bits, [](Patient& p) { p.drop(F::guest_cr0, bit(5)); }},
    {EntryRule::guest_paging_needs_protection,
     [](Patient& p) {
       p.make_unrestricted();
       p.drop(F::guest_cr0, bit(0));
     }},
    {EntryRule::guest_cr4_fixed_bits, [](Patient& p) { p.drop(F::guest_cr4, bit(13)); }},
    {EntryRule::guest_debugctl_reserved_bits_zero, [](Patient& p) { p.set(F::guest_debugctl, 1); }},
    {EntryRule::long_mode_guest_has_paging, [](Patient& p) { p.drop(F::guest_cr4, bit(5)); }},
    {EntryRule::long_mode_guest_has_paging,
     [](Patient& p) {
       p.make_unrestricted();
       p.drop(F::guest_cr0, bit(31));
     }},
    {EntryRule::legacy_guest_has_no_pcid,
     [](Patient& p) {
       p.make_legacy_guest();
       p.add(F::guest_cr4, bit(17));
     }},
    {EntryRule::guest_cr3_within_width, [](Patient& p) { p.add(F::guest_cr3, beyond_width); }},
    {EntryRule::guest_dr7_high_half_zero, [](Patient& p) { p.add(F::guest_dr7, bit(32)); }},
    {EntryRule::guest_sysenter_esp_canonical, [](Patient& p) { p.set(F::guest_sysenter_esp, not_canonical); }},
    {EntryRule::guest_sysenter_eip_canonical, [](Patient& p) { p.set(F::guest_sysenter_eip, not_canonical); }},
    {EntryRule::guest_pat_types_valid, [](Patient& p) { p.set(F::guest_pat, 3); }},
    {EntryRule::guest_efer_reserved_bits_zero, [](Patient& p) { p.add(F::guest_efer, bit(12)); }},
    {EntryRule::guest_efer_lma_matches_control,
     [](Patient& p) {
       p.make_legacy_guest();
       p.set(F::guest_efer, bit(10) | bit(8));
     }},
    {EntryRule::guest_efer_lme_matches_lma, [](Patient& p) { p.drop(F::guest_efer, bit(8)); }},
    // ---- guest state: segments
    {EntryRule::guest_tr_selector_in_gdt, [](Patient& p) { p.add(F::guest_tr_selector, 4); }},
    {EntryRule::guest_ldtr_selector_in_gdt,
     [](Patient& p) {
       p.set(F::guest_ldtr_access_rights, 0x82);
       p.set(F::guest_ldtr_selector, 0x24);
     }},
    {EntryRule::guest_ss_rpl_matches_cs, [](Patient& p) { p.add(F::guest_cs_selector, 3); }},
    {EntryRule::guest_v86_base_matches_selector,
     [](Patient& p) {
       p.make_virtual_8086();
       p.add(F::guest_ds_base, 8);  // a base that no selector gives
     }},
    {EntryRule::guest_tr_fs_gs_bases_canonical, [](Patient& p) { p.set(F::guest_gs_base, not_canonical); }},
    {EntryRule::guest_ldtr_base_canonical,
     [](Patient& p) {
       p.set(F::guest_ldtr_access_rights, 0x82);
       p.set(F::guest_ldtr_base, not_canonical);
     }},
    {EntryRule::guest_cs_base_below_4g, [](Patient& p) { p.set(F::guest_cs_base, bit(32)); }},
    {EntryRule::guest_data_bases_below_4g, [](Patient& p) { p.set(F::guest_es_base, bit(32)); }},
    {EntryRule::guest_v86_limit,
     [](Patient& p) {
       p.make_virtual_8086();
       p.set(F::guest_es_limit, 0xfffff);
     }},
    {EntryRule::guest_v86_access_rights,
     [](Patient& p) {
       p.make_virtual_8086();
       p.set(F::guest_fs_access_rights, 0xf7);
     }},
    {EntryRule::guest_cs_type, [](Patient& p) { p.set(F::guest_cs_access_rights, 0xa09a); }},
    {EntryRule::guest_cs_type, [](Patient& p) { p.set(F::guest_cs_access_rights, 0xa093); }},
    {EntryRule::guest_ss_type, [](Patient& p) { p.set(F::guest_ss_access_rights, 0xc091); }},
    {EntryRule::guest_data_type, [](Patient& p) { p.set(F::guest_ds_access_rights, 0xc092); }},
    {EntryRule::guest_data_type, [](Patient& p) { p.set(F::guest_ds_access_rights, 0xc099); }},
    {EntryRule::guest_segment_is_code_or_data, [](Patient& p) { p.drop(F::guest_fs_access_rights, bit(4)); }},
    {EntryRule::guest_cs_dpl, [](Patient& p) { p.add(F::guest_cs_access_rights, 3 << 5); }},
    {EntryRule::guest_cs_dpl, [](Patient& p) { p.set(F::guest_cs_access_rights, 0xa0ff); }},
    {EntryRule::guest_ss_dpl,
     [](Patient& p) {  // CPL 3 by DPL, 0 by selectors; conforming code so that CS has no say
       p.set(F::guest_cs_access_rights, 0xa09f);
       p.set(F::guest_ss_access_rights, 0xc0f3);
     }},
    {EntryRule::guest_data_dpl, [](Patient& p) { p.add(F::guest_es_selector, 3); }},
    {EntryRule::guest_segment_present, [](Patient& p) { p.drop(F::guest_gs_access_rights, bit(7)); }},
    {EntryRule::guest_segment_reserved_bits_zero, [](Patient& p) { p.add(F::guest_es_access_rights, bit(8)); }},
    {EntryRule::guest_segment_reserved_bits_zero, [](Patient& p) { p.add(F::guest_es_access_rights, bit(31)); }},
    {EntryRule::guest_cs_size_in_64_bit, [](Patient& p) { p.add(F::guest_cs_access_rights, bit(14)); }},
    {EntryRule::guest_segment_granularity, [](Patient& p) { p.drop(F::guest_ss_access_rights, bit(15)); }},
    {EntryRule::guest_segment_granularity, [](Patient& p) { p.set(F::guest_ds_limit, 0xfff00); }},
    {EntryRule::guest_tr_type, [](Patient& p) { p.set(F::guest_tr_access_rights, 0x89); }},
    {EntryRule::guest_tr_type, [](Patient& p) { p.set(F::guest_tr_access_rights, 0x83); }},
    {EntryRule::guest_tr_is_system, [](Patient& p) { p.add(F::guest_tr_access_rights, bit(4)); }},
    {EntryRule::guest_tr_present, [](Patient& p) { p.drop(F::guest_tr_access_rights, bit(7)); }},
    {EntryRule::guest_tr_reserved_bits_zero, [](Patient& p) { p.add(F::guest_tr_access_rights, bit(9)); }},
    {EntryRule::guest_tr_granularity, [](Patient& p) { p.add(F::guest_tr_access_rights, bit(15)); }},
    {EntryRule::guest_tr_usable, [](Patient& p) { p.add(F::guest_tr_access_rights, bit(16)); }},
    {EntryRule::guest_ldtr_type, [](Patient& p) { p.set(F::guest_ldtr_access_rights, 0x8b); }},
    {EntryRule::guest_ldtr_is_system, [](Patient& p) { p.set(F::guest_ldtr_access_rights, 0x92); }},
    {EntryRule::guest_ldtr_present, [](Patient& p) { p.set(F::guest_ldtr_access_rights, 0x02); }},
    {EntryRule::guest_ldtr_reserved_bits_zero, [](Patient& p) { p.set(F::guest_ldtr_access_rights, 0x482); }},
    {EntryRule::guest_ldtr_granularity,
     [](Patient& p) {
       p.set(F::guest_ldtr_access_rights, 0x82);
       p.set(F::guest_ldtr_limit, 0x100000);
     }},
    // ---- guest state: tables, RIP, RFLAGS
    {EntryRule::guest_table_bases_canonical, [](Patient& p) { p.set(F::guest_idtr_base, not_canonical); }},
    {EntryRule::guest_table_limits_fit, [](Patient& p) { p.set(F::guest_gdtr_limit, 0x10000); }},
    {EntryRule::guest_rip_fits_mode,
     [](Patient& p) {
       p.make_legacy_guest();
       p.set(F::guest_rip, bit(32));
     }},
    {EntryRule::guest_rip_fits_mode,
     [](Patient& p) {  // compatibility mode
       p.set(F::guest_cs_access_rights, 0xc09b);
       p.set(F::guest_rip, bit(32));
     }},
    {EntryRule::guest_rip_fits_linear_width, [](Patient& p) { p.set(F::guest_rip, bit(48)); }},
    {EntryRule::guest_rflags_reserved_bits, [](Patient& p) { p.set(F::guest_rflags, 0); }},
    {EntryRule::guest_rflags_reserved_bits, [](Patient& p) { p.add(F::guest_rflags, bit(15)); }},
    {EntryRule::guest_rflags_vm_fits_mode,
     [](Patient& p) {
       p.make_virtual_8086();
       p.add(F::secondary_processor_based_controls, secondary::unrestricted_guest);
       p.drop(F::guest_cr0, bit(0) | bit(31));
     }},
    {EntryRule::guest_rflags_if_for_interrupt, [](Patient& p) { p.inject(0x20, 0); }},
    // ---- guest state: the rest
    {EntryRule::guest_activity_state_supported, [](Patient& p) { p.set(F::guest_activity_state, 2); }},
    {EntryRule::guest_activity_state_supported, [](Patient& p) { p.set(F::guest_activity_state, 4); }},
    {EntryRule::guest_halted_only_at_ring_0,
     [](Patient& p) {
       p.set(F::guest_activity_state, 1);
       p.add(F::guest_cs_selector, 3);
       p.add(F::guest_ss_selector, 3);
       p.add(F::guest_cs_access_rights, 3 << 5);
       p.add(F::guest_ss_access_rights, 3 << 5);
     }},
    {EntryRule::guest_active_while_blocking,
     [](Patient& p) {
       p.set(F::guest_activity_state, 1);
       p.set(F::guest_interruptibility_state, interruptibility::blocking_by_mov_ss);
     }},
    {EntryRule::guest_activity_allows_event,
     [](Patient& p) {
       p.set(F::guest_activity_state, 1);
       p.inject(6, 3);
     }},
    {EntryRule::guest_activity_allows_event,
     [](Patient& p) {
       p.offer_everything();
       p.set(F::guest_activity_state, 3);
       p.inject(2, 2);
     }},
    {EntryRule::guest_interruptibility_reserved_bits_zero,
     [](Patient& p) { p.set(F::guest_interruptibility_state, bit(4)); }},
    {EntryRule::guest_one_kind_of_blocking,
     [](Patient& p) {
       p.add(F::guest_rflags, bit(9));
       p.set(F::guest_interruptibility_state, 3);
     }},
    {EntryRule::guest_sti_blocking_needs_if, [](Patient& p) { p.set(F::guest_interruptibility_state, 1); }},
    {EntryRule::guest_interrupt_needs_no_blocking,
     [](Patient& p) {
       p.add(F::guest_rflags, bit(9));
       p.set(F::guest_interruptibility_state, 1);
       p.inject(0x20, 0);
     }},
    {EntryRule::guest_nmi_needs_no_mov_ss_blocking,
     [](Patient& p) {
       p.set(F::guest_interruptibility_state, 2);
       p.inject(2, 2);
     }},
    {EntryRule::guest_not_in_smm,
     [](Patient& p) { p.set(F::guest_interruptibility_state, interruptibility::blocking_by_smi); }},
    {EntryRule::guest_virtual_nmi_needs_no_blocking,
     [](Patient& p) {
       p.offer_everything();
       p.add(F::pin_based_controls, pin::virtual_nmis);
       p.set(F::guest_interruptibility_state, interruptibility::blocking_by_nmi);
       p.inject(2, 2);
     }},
    {EntryRule::guest_pending_debug_reserved_bits_zero,
     [](Patient& p) { p.set(F::guest_pending_debug_exceptions, bit(13)); }},
    {EntryRule::guest_pending_debug_single_step,
     [](Patient& p) {
       p.set(F::guest_interruptibility_state, 2);
       p.add(F::guest_rflags, bit(8));
     }},
    {EntryRule::guest_pending_debug_single_step,
     [](Patient& p) {
       p.set(F::guest_activity_state, 1);
       p.set(F::guest_pending_debug_exceptions, bit(14));
     }},
    {EntryRule::guest_link_pointer_aligned, [](Patient& p) { p.set(F::vmcs_link_pointer, other_vmcs.value + 8); }},
    {EntryRule::guest_link_pointer_revision, [](Patient& p) { p.set(F::vmcs_link_pointer, msr_area.value); }},
    {EntryRule::guest_link_pointer_not_current, [](Patient& p) { p.set(F::vmcs_link_pointer, vmcs_region.value); }},
    {EntryRule::guest_pdptes_reserved_bits_zero,
     [](Patient& p) {
       p.make_legacy_guest();
       p.set(F::guest_pdpte2, 0x1000 | 1 | 2);
     }},
};

}  // namespace

std::span<const Case> guest_cases() { return cases; }

}  // namespace trapline::vmx::test
