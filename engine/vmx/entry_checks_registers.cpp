// SDM vol. 3, "Checks on Guest Control Registers, Debug Registers, and MSRs", "Checks on Guest Descriptor-Table
// Registers", "Checks on Guest RIP, RFLAGS, and SSP", "Checks on Guest Page-Directory-Pointer-Table Entries".
#include "vmx/entry_checks.h"
#include "vmx/guest_view.h"

namespace trapline::vmx::checks {
namespace {

Broken canonical(const View& view, VmcsField field) { return require(is_canonical(view.get(field)), field); }

bool paging(const View& view) { return view.get(VmcsField::guest_cr0) & arch::cr0::pg; }
bool in_64_bit_mode(const View& view) { return view.long_mode_guest() && view.segment(SegmentField::cs).long_mode(); }

}  // namespace

// ---- control registers, debug registers, MSRs
// ------------------------------------------------------------------------
Broken guest_cr0_fixed_bits(const View& view) {
  return require(cr0_is_allowed(view.vmcs, view.capabilities(), view.get(VmcsField::guest_cr0)), VmcsField::guest_cr0);
}
Broken guest_paging_needs_protection(const View& view) {
  return require(!paging(view) || (view.get(VmcsField::guest_cr0) & arch::cr0::pe), VmcsField::guest_cr0);
}
Broken guest_cr4_fixed_bits(const View& view) {
  return require(cr4_is_allowed(view.capabilities(), view.get(VmcsField::guest_cr4)), VmcsField::guest_cr4);
}
Broken guest_debugctl_reserved_bits_zero(const View& view) {
  // The model has no IA32_DEBUGCTL features: every bit is reserved.
  return require(!view.entry(entry_control::load_debug_controls) || view.get(VmcsField::guest_debugctl) == 0,
                 VmcsField::guest_debugctl);
}
Broken long_mode_guest_has_paging(const View& view) {
  if (!view.long_mode_guest()) return holds;
  if (!paging(view)) return VmcsField::guest_cr0;
  return require(view.get(VmcsField::guest_cr4) & arch::cr4::pae, VmcsField::guest_cr4);
}
Broken legacy_guest_has_no_pcid(const View& view) {
  return require(view.long_mode_guest() || !(view.get(VmcsField::guest_cr4) & arch::cr4::pcide), VmcsField::guest_cr4);
}
Broken guest_cr3_within_width(const View& view) {
  return require(view.capabilities().within_physical_width(view.get(VmcsField::guest_cr3)), VmcsField::guest_cr3);
}
Broken guest_dr7_high_half_zero(const View& view) {
  return require(!view.entry(entry_control::load_debug_controls) || view.get(VmcsField::guest_dr7) >> 32 == 0,
                 VmcsField::guest_dr7);
}
Broken guest_sysenter_esp_canonical(const View& view) { return canonical(view, VmcsField::guest_sysenter_esp); }
Broken guest_sysenter_eip_canonical(const View& view) { return canonical(view, VmcsField::guest_sysenter_eip); }
Broken guest_pat_types_valid(const View& view) {
  return require(!view.entry(entry_control::load_pat) || pat_is_valid(view.get(VmcsField::guest_pat)),
                 VmcsField::guest_pat);
}
Broken guest_efer_reserved_bits_zero(const View& view) {
  const u64 reserved = view.get(VmcsField::guest_efer) & ~view.capabilities().efer;
  return require(!view.entry(entry_control::load_efer) || reserved == 0, VmcsField::guest_efer);
}
Broken guest_efer_lma_matches_control(const View& view) {
  if (!view.entry(entry_control::load_efer)) return holds;
  const bool active = view.get(VmcsField::guest_efer) & arch::efer::lma;
  return require(active == view.long_mode_guest(), VmcsField::guest_efer);
}
Broken guest_efer_lme_matches_lma(const View& view) {
  if (!view.entry(entry_control::load_efer) || !paging(view)) return holds;
  const u64 efer = view.get(VmcsField::guest_efer);
  const bool enabled = efer & arch::efer::lme;
  const bool active = efer & arch::efer::lma;
  return require(enabled == active, VmcsField::guest_efer);
}

// ---- descriptor-table registers
// --------------------------------------------------------------------------------------
Broken guest_table_bases_canonical(const View& view) {
  if (const Broken broken = canonical(view, VmcsField::guest_gdtr_base)) return broken;
  return canonical(view, VmcsField::guest_idtr_base);
}
Broken guest_table_limits_fit(const View& view) {
  if (view.get(VmcsField::guest_gdtr_limit) >> 16) return VmcsField::guest_gdtr_limit;
  return require(view.get(VmcsField::guest_idtr_limit) >> 16 == 0, VmcsField::guest_idtr_limit);
}

// ---- RIP and RFLAGS ------------------------------------------------------------------------------------------------
Broken guest_rip_fits_mode(const View& view) {
  return require(in_64_bit_mode(view) || view.get(VmcsField::guest_rip) >> 32 == 0, VmcsField::guest_rip);
}
Broken guest_rip_fits_linear_width(const View& view) {
  // Bit 47 has no say: "not required to be canonical".
  const u64 above = view.get(VmcsField::guest_rip) >> 48;
  return require(!in_64_bit_mode(view) || above == 0 || above == 0xffff, VmcsField::guest_rip);
}
Broken guest_rflags_reserved_bits(const View& view) {
  constexpr u64 reserved = bit_mask(63, 22) | bit(15) | bit(5) | bit(3);
  const u64 rflags = view.get(VmcsField::guest_rflags);
  return require((rflags & reserved) == 0 && (rflags & arch::flag::always_one), VmcsField::guest_rflags);
}
Broken guest_rflags_vm_fits_mode(const View& view) {
  const bool possible = !view.long_mode_guest() && (view.get(VmcsField::guest_cr0) & arch::cr0::pe);
  return require(possible || !view.virtual_8086(), VmcsField::guest_rflags);
}
Broken guest_rflags_if_for_interrupt(const View& view) {
  return require(
      !view.injects(arch::EventType::external_interrupt) || (view.get(VmcsField::guest_rflags) & arch::flag::if_),
      VmcsField::guest_rflags);
}

// ---- page-directory-pointer-table entries --------------------------------------------------------------------------
Broken guest_pdptes_reserved_bits_zero(const View& view) {
  const bool pae_paging = paging(view) && (view.get(VmcsField::guest_cr4) & arch::cr4::pae) && !view.long_mode_guest();
  if (!pae_paging) return holds;
  for (u32 index = 0; index < 4; ++index) {
    const auto field = static_cast<VmcsField>(static_cast<u32>(VmcsField::guest_pdpte0) + 2 * index);
    u64 entry = view.get(field);
    if (!view.secondary(secondary::enable_ept)) {
      const Hpa address((view.get(VmcsField::guest_cr3) & bit_mask(31, 5)) + 8 * index);
      if (!view.context.memory.contains(address, 8)) return VmcsField::guest_cr3;
      entry = view.context.memory.read(address, 8);
    }
    constexpr u64 reserved = bit_mask(2, 1) | bit_mask(8, 5);
    if ((entry & 1) && ((entry & reserved) || !view.capabilities().within_physical_width(entry))) return field;
  }
  return holds;
}

}  // namespace trapline::vmx::checks
