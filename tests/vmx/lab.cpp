// The valid VMCS, field by field, from the manual and not from the checks.
#include "lab.h"

namespace trapline::vmx::test {
namespace {

constexpr u64 all_ones = ~0ULL;

void fill_controls(Vmcs& vmcs, const Capabilities& of) {
  vmcs.set(VmcsField::pin_based_controls, of.pin.adjusted(pin::external_interrupt_exiting | pin::nmi_exiting));
  vmcs.set(VmcsField::primary_processor_based_controls,
           of.primary.adjusted(primary::use_io_bitmaps | primary::use_msr_bitmaps | primary::hlt_exiting |
                               primary::activate_secondary_controls));
  vmcs.set(VmcsField::secondary_processor_based_controls,
           of.secondary.adjusted(secondary::enable_ept | secondary::enable_vpid));
  vmcs.set(VmcsField::vm_exit_controls,
           of.exit.adjusted(exit_control::host_address_space_size | exit_control::save_debug_controls |
                            exit_control::save_efer | exit_control::load_efer | exit_control::save_pat |
                            exit_control::load_pat));
  vmcs.set(VmcsField::vm_entry_controls,
           of.entry.adjusted(entry_control::ia32e_mode_guest | entry_control::load_debug_controls |
                             entry_control::load_efer | entry_control::load_pat));
  vmcs.set(VmcsField::io_bitmap_a_address, io_bitmap_a.value);
  vmcs.set(VmcsField::io_bitmap_b_address, io_bitmap_b.value);
  vmcs.set(VmcsField::msr_bitmap_address, msr_bitmaps.value);
  vmcs.set(VmcsField::virtual_processor_identifier, 1);
  vmcs.set(VmcsField::ept_pointer, ept_root.value | 3 << 3 | 6);
}

void fill_host(Vmcs& vmcs) {
  vmcs.set(VmcsField::host_cr0, 0x80050033);
  vmcs.set(VmcsField::host_cr3, 0x9000);
  vmcs.set(VmcsField::host_cr4, 0x2020);
  vmcs.set(VmcsField::host_cs_selector, 0x08);
  for (const VmcsField data : {VmcsField::host_ss_selector, VmcsField::host_ds_selector, VmcsField::host_es_selector})
    vmcs.set(data, 0x10);
  vmcs.set(VmcsField::host_tr_selector, 0x18);
  vmcs.set(VmcsField::host_gs_base, 0xffff800000001000);
  vmcs.set(VmcsField::host_rip, 0xffffffff81000000);
  vmcs.set(VmcsField::host_rsp, 0xffff800000008000);
  vmcs.set(VmcsField::host_efer, 0xd01);
  vmcs.set(VmcsField::host_pat, 0x0007040600070406);
}

void fill_guest(Vmcs& vmcs) {
  vmcs.set(VmcsField::guest_cr0, 0x80010031);
  vmcs.set(VmcsField::guest_cr3, 0x1000);
  vmcs.set(VmcsField::guest_cr4, 0x2020);
  vmcs.set(VmcsField::guest_dr7, 0x400);
  vmcs.set(VmcsField::guest_efer, 0xd01);
  vmcs.set(VmcsField::guest_pat, 0x0007040600070406);
  vmcs.set(VmcsField::guest_cs_selector, 0x08);
  vmcs.set(VmcsField::guest_cs_access_rights, 0xa09b);
  vmcs.set(VmcsField::guest_cs_limit, 0xffffffff);
  for (u32 index : {0U, 2U, 3U, 4U, 5U}) {  // ES, SS, DS, FS, GS
    vmcs.set(static_cast<VmcsField>(0x0800 + 2 * index), 0x10);
    vmcs.set(static_cast<VmcsField>(0x4800 + 2 * index), 0xffffffff);
    vmcs.set(static_cast<VmcsField>(0x4814 + 2 * index), 0xc093);
  }
  vmcs.set(VmcsField::guest_ldtr_access_rights, 0x10000);
  vmcs.set(VmcsField::guest_tr_selector, 0x18);
  vmcs.set(VmcsField::guest_tr_limit, 0x67);
  vmcs.set(VmcsField::guest_tr_access_rights, 0x8b);
  vmcs.set(VmcsField::guest_gdtr_base, 0x500);
  vmcs.set(VmcsField::guest_gdtr_limit, 0x27);
  vmcs.set(VmcsField::guest_rip, 0x100000);
  vmcs.set(VmcsField::guest_rsp, 0x9000);
  vmcs.set(VmcsField::guest_rflags, 2);
  vmcs.set(VmcsField::vmcs_link_pointer, all_ones);
}

}  // namespace

void fill_valid(Vmcs& vmcs, const Capabilities& capabilities) {
  fill_controls(vmcs, capabilities);
  fill_host(vmcs);
  fill_guest(vmcs);
}

arch::CpuState host_state() {
  arch::CpuState state;
  state.cr0 = 0x80050033;
  state.cr4 = 0x2020;
  state.efer = 0xd01;
  return state;
}

Lab::Lab() {
  for (const Hpa region : {vmxon_region, vmcs_region, other_vmcs})
    memory.write(region, 4, capabilities.revision, trace::Writer::monitor);
  (void)unit.vmxon(vmxon_region);
  (void)unit.vmclear(vmcs_region);
  (void)unit.vmptrld(vmcs_region);
  fill_valid(vmcs(), capabilities);
}

}  // namespace trapline::vmx::test
