// The one place that says what is offered. Reserved bits of the default1 class are 1 in every control field, as on
// processors (SDM vol. 3, appendix "VMX Capability Reporting Facility", "Default Settings").
#include "vmx/capabilities.h"

#include "arch/cpu_state.h"
#include "spec/msrs.h"
#include "spec/vmcs_fields.h"
#include "vmx/controls.h"

namespace trapline::vmx {
namespace {

constexpr u32 bit_range(unsigned high, unsigned low) { return static_cast<u32>(bit_mask(high, low)); }

// The default1 classes, by the appendix.
constexpr u32 pin_default1 = 0x16;
constexpr u32 primary_default1 = bit(1) | bit_range(6, 4) | bit(8) | bit_range(16, 13) | bit(26);
constexpr u32 exit_default1 = bit_range(8, 0) | bit_range(11, 10) | bit_range(14, 13) | bit_range(17, 16);
constexpr u32 entry_default1 = bit_range(8, 0) | bit(12);

// Of those, what software may clear all the same, as the TRUE MSRs say.
constexpr u32 primary_clearable = primary::cr3_load_exiting | primary::cr3_store_exiting;
constexpr u32 exit_clearable = exit_control::save_debug_controls;
constexpr u32 entry_clearable = entry_control::load_debug_controls;

constexpr u32 offered_pin = pin::external_interrupt_exiting | pin::nmi_exiting;
constexpr u32 offered_primary =
    primary::interrupt_window_exiting | primary::use_tsc_offsetting | primary::hlt_exiting | primary::invlpg_exiting |
    primary::mwait_exiting | primary::rdpmc_exiting | primary::rdtsc_exiting | primary::cr3_load_exiting |
    primary::cr3_store_exiting | primary::cr8_load_exiting | primary::cr8_store_exiting | primary::mov_dr_exiting |
    primary::unconditional_io_exiting | primary::use_io_bitmaps | primary::use_msr_bitmaps | primary::monitor_exiting |
    primary::pause_exiting | primary::activate_secondary_controls;
constexpr u32 offered_secondary = secondary::enable_ept | secondary::descriptor_table_exiting |
                                  secondary::enable_rdtscp | secondary::enable_vpid | secondary::wbinvd_exiting |
                                  secondary::rdrand_exiting | secondary::rdseed_exiting | secondary::enable_invpcid;
constexpr u32 offered_exit = exit_control::save_debug_controls | exit_control::host_address_space_size |
                             exit_control::acknowledge_interrupt_on_exit | exit_control::save_pat |
                             exit_control::load_pat | exit_control::save_efer | exit_control::load_efer;
constexpr u32 offered_entry = entry_control::load_debug_controls | entry_control::ia32e_mode_guest |
                              entry_control::load_pat | entry_control::load_efer;

constexpr u32 highest_index() {
  u32 highest = 0;
#define CONSIDER(name, encoding, model, text) \
  highest = highest < spec::index_of_field(encoding) ? spec::index_of_field(encoding) : highest;
#define VMCS_16 CONSIDER
#define VMCS_64 CONSIDER
#define VMCS_32 CONSIDER
#define VMCS_NATURAL CONSIDER
#include "spec/vmcs_fields.def"
#undef VMCS_16
#undef VMCS_64
#undef VMCS_32
#undef VMCS_NATURAL
#undef CONSIDER
  return highest;
}

// SDM vol. 3, "Basic VMX Information": region size, write-back VMCS access, INS/OUTS information, TRUE control MSRs.
u64 basic_information(const Capabilities& of) {
  constexpr u64 write_back = 6;
  return of.revision | page_bytes << 32 | write_back << 50 | bit(54) | bit(55);
}

}  // namespace

Capabilities modelled_capabilities() {
  namespace cr0 = arch::cr0;
  namespace cr4 = arch::cr4;
  namespace cap = ept_vpid_capability;
  Capabilities of;
  of.pin = {pin_default1, pin_default1 | offered_pin};
  of.primary = {primary_default1 & ~primary_clearable, primary_default1 | offered_primary};
  of.secondary = {0, offered_secondary};
  // Host and guest run in IA-32e mode only: the model has no other paging.
  of.exit = {(exit_default1 & ~exit_clearable) | exit_control::host_address_space_size, exit_default1 | offered_exit};
  of.entry = {(entry_default1 & ~entry_clearable) | entry_control::ia32e_mode_guest, entry_default1 | offered_entry};
  of.pin_default1 = pin_default1;
  of.primary_default1 = primary_default1;
  of.exit_default1 = exit_default1;
  of.entry_default1 = entry_default1;

  of.cr0_fixed0 = cr0::pe | cr0::ne | cr0::pg;
  of.cr0_fixed1 = 0xffffffff;
  of.cr4_fixed0 = cr4::vmxe;
  of.cr4_fixed1 = cr4::vme | cr4::pvi | cr4::tsd | cr4::de | cr4::pse | cr4::pae | cr4::mce | cr4::pge | cr4::pce |
                  cr4::osfxsr | cr4::osxmmexcpt | cr4::umip | cr4::vmxe | cr4::fsgsbase | cr4::pcide | cr4::smep |
                  cr4::smap;
  of.efer = arch::efer::sce | arch::efer::lme | arch::efer::lma | arch::efer::nxe;
  // Activity state HLT (bit 6); four CR3-target values (24:16).
  of.misc = bit(6) | 4ULL << 16;
  of.ept_vpid = cap::execute_only | cap::walk_length_4 | cap::uncacheable | cap::write_back | cap::pages_2m |
                cap::pages_1g | cap::invept | cap::accessed_dirty | cap::invept_single_context |
                cap::invept_all_contexts | cap::invvpid | cap::invvpid_individual_address |
                cap::invvpid_single_context | cap::invvpid_all_contexts | cap::invvpid_single_context_retaining_globals;
  of.physical_address_bits = 46;
  return of;
}

std::optional<u64> Capabilities::msr(u32 index) const {
  using spec::MsrIndex;
  const auto with_default1 = [](AllowedSettings settings, u32 default1) {
    return AllowedSettings{settings.must_be_one | default1, settings.may_be_one}.msr();
  };
  switch (static_cast<MsrIndex>(index)) {
    case MsrIndex::IA32_VMX_BASIC:
      return basic_information(*this);
    case MsrIndex::IA32_VMX_PINBASED_CTLS:
      return with_default1(pin, pin_default1);
    case MsrIndex::IA32_VMX_PROCBASED_CTLS:
      return with_default1(primary, primary_default1);
    case MsrIndex::IA32_VMX_EXIT_CTLS:
      return with_default1(exit, exit_default1);
    case MsrIndex::IA32_VMX_ENTRY_CTLS:
      return with_default1(entry, entry_default1);
    case MsrIndex::IA32_VMX_MISC:
      return misc;
    case MsrIndex::IA32_VMX_CR0_FIXED0:
      return cr0_fixed0;
    case MsrIndex::IA32_VMX_CR0_FIXED1:
      return cr0_fixed1;
    case MsrIndex::IA32_VMX_CR4_FIXED0:
      return cr4_fixed0;
    case MsrIndex::IA32_VMX_CR4_FIXED1:
      return cr4_fixed1;
    case MsrIndex::IA32_VMX_VMCS_ENUM:
      return highest_index() << 1;
    case MsrIndex::IA32_VMX_PROCBASED_CTLS2:
      return secondary.msr();
    case MsrIndex::IA32_VMX_EPT_VPID_CAP:
      return ept_vpid;
    case MsrIndex::IA32_VMX_TRUE_PINBASED_CTLS:
      return pin.msr();
    case MsrIndex::IA32_VMX_TRUE_PROCBASED_CTLS:
      return primary.msr();
    case MsrIndex::IA32_VMX_TRUE_EXIT_CTLS:
      return exit.msr();
    case MsrIndex::IA32_VMX_TRUE_ENTRY_CTLS:
      return entry.msr();
    default:
      return std::nullopt;
  }
}

}  // namespace trapline::vmx
