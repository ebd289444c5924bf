// SDM vol. 3, "Checks on Host Control Registers, MSRs, and SSP", "Checks on Host Segment and Descriptor-Table
// Registers", "Checks Related to Address-Space Size".
#include "vmx/entry_checks.h"
#include "vmx/guest_view.h"

namespace trapline::vmx::checks {
namespace {

bool host_is_64_bit(const View& view) { return view.exit(exit_control::host_address_space_size); }

Broken canonical(const View& view, VmcsField field) { return require(is_canonical(view.get(field)), field); }

}  // namespace

bool pat_is_valid(u64 pat) {
  for (unsigned entry = 0; entry < 8; ++entry) {
    const u64 type = bits(pat, 8 * entry + 7, 8 * entry);
    if (type == 2 || type == 3 || type > 7) return false;
  }
  return true;
}

// ---- control registers and MSRs ------------------------------------------------------------------------------------
Broken host_cr0_fixed_bits(const View& view) {
  const u64 cr0 = view.get(VmcsField::host_cr0);
  const Capabilities& of = view.capabilities();
  return require((cr0 & of.cr0_fixed0) == of.cr0_fixed0 && (cr0 & ~of.cr0_fixed1) == 0, VmcsField::host_cr0);
}
Broken host_cr4_fixed_bits(const View& view) {
  return require(cr4_is_allowed(view.capabilities(), view.get(VmcsField::host_cr4)), VmcsField::host_cr4);
}
Broken host_cr3_within_width(const View& view) {
  return require(view.capabilities().within_physical_width(view.get(VmcsField::host_cr3)), VmcsField::host_cr3);
}
Broken host_sysenter_esp_canonical(const View& view) { return canonical(view, VmcsField::host_sysenter_esp); }
Broken host_sysenter_eip_canonical(const View& view) { return canonical(view, VmcsField::host_sysenter_eip); }
Broken host_pat_types_valid(const View& view) {
  return require(!view.exit(exit_control::load_pat) || pat_is_valid(view.get(VmcsField::host_pat)),
                 VmcsField::host_pat);
}
Broken host_efer_reserved_bits_zero(const View& view) {
  return require(
      !view.exit(exit_control::load_efer) || (view.get(VmcsField::host_efer) & ~view.capabilities().efer) == 0,
      VmcsField::host_efer);
}
Broken host_efer_matches_address_space(const View& view) {
  if (!view.exit(exit_control::load_efer)) return holds;
  constexpr u64 both = arch::efer::lma | arch::efer::lme;
  const u64 expected = host_is_64_bit(view) ? both : 0;
  return require((view.get(VmcsField::host_efer) & both) == expected, VmcsField::host_efer);
}

// ---- segment and descriptor-table registers
// --------------------------------------------------------------------------
Broken host_selectors_rpl_ti_zero(const View& view) {
  for (const VmcsField field : {VmcsField::host_cs_selector, VmcsField::host_ss_selector, VmcsField::host_ds_selector,
                                VmcsField::host_es_selector, VmcsField::host_fs_selector, VmcsField::host_gs_selector,
                                VmcsField::host_tr_selector})
    if (view.get(field) & 7) return field;
  return holds;
}
Broken host_cs_not_null(const View& view) {
  return require(view.get(VmcsField::host_cs_selector) != 0, VmcsField::host_cs_selector);
}
Broken host_tr_not_null(const View& view) {
  return require(view.get(VmcsField::host_tr_selector) != 0, VmcsField::host_tr_selector);
}
Broken host_ss_not_null_in_32_bit(const View& view) {
  return require(host_is_64_bit(view) || view.get(VmcsField::host_ss_selector) != 0, VmcsField::host_ss_selector);
}
Broken host_bases_canonical(const View& view) {
  for (const VmcsField field : {VmcsField::host_fs_base, VmcsField::host_gs_base, VmcsField::host_gdtr_base,
                                VmcsField::host_idtr_base, VmcsField::host_tr_base})
    if (!is_canonical(view.get(field))) return field;
  return holds;
}

// ---- address-space size ------------------------------------------------------------------------------------------
Broken legacy_host_stays_legacy(const View& view) {
  if (view.context.host_in_long_mode) return holds;
  if (view.long_mode_guest()) return VmcsField::vm_entry_controls;
  return require(!host_is_64_bit(view), VmcsField::vm_exit_controls);
}
Broken long_mode_host_returns_to_long_mode(const View& view) {
  return require(!view.context.host_in_long_mode || host_is_64_bit(view), VmcsField::vm_exit_controls);
}
Broken host_in_32_bit_is_plain(const View& view) {
  if (host_is_64_bit(view)) return holds;
  if (view.long_mode_guest()) return VmcsField::vm_entry_controls;
  if (view.get(VmcsField::host_cr4) & arch::cr4::pcide) return VmcsField::host_cr4;
  return require(view.get(VmcsField::host_rip) >> 32 == 0, VmcsField::host_rip);
}
Broken host_in_64_bit_has_pae(const View& view) {
  return require(!host_is_64_bit(view) || (view.get(VmcsField::host_cr4) & arch::cr4::pae), VmcsField::host_cr4);
}
Broken host_rip_canonical(const View& view) {
  return require(!host_is_64_bit(view) || is_canonical(view.get(VmcsField::host_rip)), VmcsField::host_rip);
}

}  // namespace trapline::vmx::checks
