// What the modelled processor says that its VMX can do, and what VM entry holds the controls against: SDM vol. 3,
// appendix "VMX Capability Reporting Facility". One value; a control that the model does not implement cannot be set.
#pragma once

#include <optional>

#include "base/bits.h"
#include "base/integers.h"

namespace trapline::vmx {

// The allowed-0 and allowed-1 settings of one control field.
struct AllowedSettings {
  u32 must_be_one = 0;  // bits that may not be 0
  u32 may_be_one = 0;   // bits that may be 1

  constexpr bool allows(u32 value) const { return (value & must_be_one) == must_be_one && (value & ~may_be_one) == 0; }
  // The nearest allowed value: what a monitor does with a wish.
  constexpr u32 adjusted(u32 wanted) const { return (wanted | must_be_one) & may_be_one; }
  constexpr u64 msr() const { return static_cast<u64>(may_be_one) << 32 | must_be_one; }
};

struct Capabilities {
  u32 revision = 0x0054524c;  // VMCS revision identifier; bit 31 is 0
  AllowedSettings pin, primary, secondary, exit, entry;
  u64 cr0_fixed0 = 0, cr0_fixed1 = 0, cr4_fixed0 = 0, cr4_fixed1 = 0;
  u64 efer = 0;                        // bits of IA32_EFER that exist
  u64 misc = 0;                        // IA32_VMX_MISC
  u64 ept_vpid = 0;                    // IA32_VMX_EPT_VPID_CAP
  unsigned physical_address_bits = 0;  // as CPUID leaf 80000008H tells; paging and EPT entries are held to it elsewhere
  // The settings in the default1 class: what the MSRs without TRUE in their name report as fixed to 1.
  u32 pin_default1 = 0, primary_default1 = 0, exit_default1 = 0, entry_default1 = 0;

  // IA32_VMX_BASIC to IA32_VMX_TRUE_ENTRY_CTLS as RDMSR sees them; nothing where the MSR does not exist (#GP).
  std::optional<u64> msr(u32 index) const;

  constexpr bool within_physical_width(u64 address) const { return (address >> physical_address_bits) == 0; }
  constexpr unsigned cr3_targets() const { return static_cast<unsigned>(bits(misc, 24, 16)); }
  constexpr bool zero_length_injection() const { return has_bit(misc, 30); }
};

// IA32_VMX_EPT_VPID_CAP bits.
namespace ept_vpid_capability {
inline constexpr u64 execute_only = bit(0), walk_length_4 = bit(6), uncacheable = bit(8), write_back = bit(14),
                     pages_2m = bit(16), pages_1g = bit(17), invept = bit(20), accessed_dirty = bit(21),
                     invept_single_context = bit(25), invept_all_contexts = bit(26), invvpid = bit(32),
                     invvpid_individual_address = bit(40), invvpid_single_context = bit(41),
                     invvpid_all_contexts = bit(42), invvpid_single_context_retaining_globals = bit(43);
}

// Exactly what this room, the walker and the processor implement together. Not offered, because not implemented:
// legacy (32-bit) guests and hosts, unrestricted guest, virtual NMIs, TPR shadow and APIC virtualization, the
// preemption timer, the monitor trap flag, page-modification logging, VM functions, VMCS shadowing.
Capabilities modelled_capabilities();

}  // namespace trapline::vmx
