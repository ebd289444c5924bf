// Between the guest-state area and the processor, both ways: SDM vol. 3, "Loading Guest State", "Saving Guest State".
#include "vmx/controls.h"
#include "vmx/entry.h"
#include "vmx/entry_checks.h"
#include "vmx/exit.h"

namespace trapline::vmx {
namespace {

using checks::SegmentField;

// VM entry and VM exit never change these bits of CR0: NW, CD, the reserved ones, and ET, which is always 1.
constexpr u64 cr0_never_modified = arch::cr0::nw | arch::cr0::cd | bit_mask(15, 6) | bit(17) | bit_mask(28, 19);

u64 loaded_cr0(u64 before, u64 field) {
  return (before & cr0_never_modified) | (field & ~cr0_never_modified) | arch::cr0::et;
}

// State may be const.
template <typename State>
auto& segment_of(State& state, SegmentField which) {
  if (which == SegmentField::ldtr) return state.ldtr;
  if (which == SegmentField::tr) return state.tr;
  return state.segments[static_cast<u32>(which)];  // both orders are ES, CS, SS, DS, FS, GS
}

constexpr SegmentField all_segments[] = {SegmentField::es, SegmentField::cs, SegmentField::ss,   SegmentField::ds,
                                         SegmentField::fs, SegmentField::gs, SegmentField::ldtr, SegmentField::tr};

void load_segments(const Vmcs& vmcs, arch::CpuState& state) {
  for (const SegmentField which : all_segments)
    segment_of(state, which) = {static_cast<u16>(vmcs.get(checks::selector_of(which))),
                                static_cast<u32>(vmcs.get(checks::access_rights_of(which))),
                                static_cast<u32>(vmcs.get(checks::limit_of(which))), vmcs.get(checks::base_of(which))};
  state.gdtr = {vmcs.get(VmcsField::guest_gdtr_base), static_cast<u16>(vmcs.get(VmcsField::guest_gdtr_limit))};
  state.idtr = {vmcs.get(VmcsField::guest_idtr_base), static_cast<u16>(vmcs.get(VmcsField::guest_idtr_limit))};
}

void save_segments(Vmcs& vmcs, const arch::CpuState& state) {
  for (const SegmentField which : all_segments) {
    const arch::Segment& segment = segment_of(state, which);
    vmcs.set(checks::selector_of(which), segment.selector);
    vmcs.set(checks::access_rights_of(which), segment.access_rights);
    vmcs.set(checks::limit_of(which), segment.limit);
    vmcs.set(checks::base_of(which), segment.base);
  }
  vmcs.set(VmcsField::guest_gdtr_base, state.gdtr.base);
  vmcs.set(VmcsField::guest_gdtr_limit, state.gdtr.limit);
  vmcs.set(VmcsField::guest_idtr_base, state.idtr.base);
  vmcs.set(VmcsField::guest_idtr_limit, state.idtr.limit);
}

// "Loading Guest Control Registers, Debug Registers, and MSRs"
void load_efer(const Vmcs& vmcs, arch::CpuState& state) {
  if (vmcs.has_all(VmcsField::vm_entry_controls, entry_control::load_efer)) {
    state.efer = vmcs.get(VmcsField::guest_efer);
    return;
  }
  const bool long_mode = vmcs.has_all(VmcsField::vm_entry_controls, entry_control::ia32e_mode_guest);
  const u64 follows = arch::efer::lma | (state.cr0 & arch::cr0::pg ? arch::efer::lme : 0);
  state.efer = long_mode ? state.efer | follows : state.efer & ~follows;
}

}  // namespace

void load_guest_state(const Vmcs& vmcs, arch::CpuState& state) {
  state.cr0 = loaded_cr0(state.cr0, vmcs.get(VmcsField::guest_cr0));
  state.cr3 = vmcs.get(VmcsField::guest_cr3);
  state.cr4 = vmcs.get(VmcsField::guest_cr4);
  if (vmcs.has_all(VmcsField::vm_entry_controls, entry_control::load_debug_controls)) {
    constexpr u64 dr7_zero = bit(12) | bit(14) | bit(15);
    state.dr[7] = (vmcs.get(VmcsField::guest_dr7) & ~dr7_zero) | bit(10);
  }
  state.sysenter_cs = vmcs.get(VmcsField::guest_sysenter_cs);
  state.sysenter_esp = vmcs.get(VmcsField::guest_sysenter_esp);
  state.sysenter_eip = vmcs.get(VmcsField::guest_sysenter_eip);
  if (vmcs.has_all(VmcsField::vm_entry_controls, entry_control::load_pat)) state.pat = vmcs.get(VmcsField::guest_pat);
  load_efer(vmcs, state);
  load_segments(vmcs, state);
  state.rip = vmcs.get(VmcsField::guest_rip);
  state.gpr[arch::rsp] = vmcs.get(VmcsField::guest_rsp);
  state.rflags = vmcs.get(VmcsField::guest_rflags);
  const u64 blocking = vmcs.get(VmcsField::guest_interruptibility_state);
  state.blocking_by_sti = blocking & interruptibility::blocking_by_sti;
  state.blocking_by_mov_ss = blocking & interruptibility::blocking_by_mov_ss;
  state.blocking_by_nmi = blocking & interruptibility::blocking_by_nmi;
  state.activity = static_cast<arch::Activity>(vmcs.get(VmcsField::guest_activity_state) & 3);
}

void save_guest_state(Vmcs& vmcs, const arch::CpuState& state) {
  vmcs.set(VmcsField::guest_cr0, state.cr0);
  vmcs.set(VmcsField::guest_cr3, state.cr3);
  vmcs.set(VmcsField::guest_cr4, state.cr4);
  if (vmcs.has_all(VmcsField::vm_exit_controls, exit_control::save_debug_controls)) {
    vmcs.set(VmcsField::guest_dr7, state.dr[7]);
    vmcs.set(VmcsField::guest_debugctl, 0);
  }
  vmcs.set(VmcsField::guest_sysenter_cs, state.sysenter_cs);
  vmcs.set(VmcsField::guest_sysenter_esp, state.sysenter_esp);
  vmcs.set(VmcsField::guest_sysenter_eip, state.sysenter_eip);
  if (vmcs.has_all(VmcsField::vm_exit_controls, exit_control::save_pat)) vmcs.set(VmcsField::guest_pat, state.pat);
  if (vmcs.has_all(VmcsField::vm_exit_controls, exit_control::save_efer)) vmcs.set(VmcsField::guest_efer, state.efer);
  save_segments(vmcs, state);
  vmcs.set(VmcsField::guest_rip, state.rip);
  vmcs.set(VmcsField::guest_rsp, state.gpr[arch::rsp]);
  vmcs.set(VmcsField::guest_rflags, state.rflags);
  vmcs.set(VmcsField::guest_interruptibility_state,
           (state.blocking_by_sti ? interruptibility::blocking_by_sti : 0) |
               (state.blocking_by_mov_ss ? interruptibility::blocking_by_mov_ss : 0) |
               (state.blocking_by_nmi ? interruptibility::blocking_by_nmi : 0));
  vmcs.set(VmcsField::guest_activity_state, static_cast<u64>(state.activity));
  vmcs.set(VmcsField::guest_pending_debug_exceptions, 0);  // the model delivers debug exceptions at once
}

// ---- host state: "Loading Host State" -----------------------------------------------------------------------------
namespace {

// "Loading Host Segment and Descriptor-Table Registers": what a VM exit makes of a selector and a base.
void load_host_segments(const Vmcs& vmcs, arch::CpuState& state) {
  const bool in_64_bit = vmcs.has_all(VmcsField::vm_exit_controls, exit_control::host_address_space_size);
  constexpr u32 present = 0x80, code_or_data = 0x10, long_mode = 1 << 13, big = 1 << 14, granular = 1 << 15,
                unusable = 1 << 16;
  constexpr u32 whole = 0xffffffff;
  constexpr u32 data_type = 3, code_type = 11, busy_tss_type = 11;
  const u32 code_rights = code_type | code_or_data | present | granular | (in_64_bit ? long_mode : big);
  const u32 data_rights = data_type | code_or_data | present | granular | big;
  const auto data = [&](VmcsField selector, u64 base) {
    const u16 value = static_cast<u16>(vmcs.get(selector));
    return arch::Segment{value, value == 0 ? unusable : data_rights, whole, base};
  };
  state.segments[arch::cs] = {static_cast<u16>(vmcs.get(VmcsField::host_cs_selector)), code_rights, whole, 0};
  state.segments[arch::ss] = data(VmcsField::host_ss_selector, 0);
  state.segments[arch::ds] = data(VmcsField::host_ds_selector, 0);
  state.segments[arch::es] = data(VmcsField::host_es_selector, 0);
  state.segments[arch::fs] = data(VmcsField::host_fs_selector, vmcs.get(VmcsField::host_fs_base));
  state.segments[arch::gs] = data(VmcsField::host_gs_selector, vmcs.get(VmcsField::host_gs_base));
  state.tr = {static_cast<u16>(vmcs.get(VmcsField::host_tr_selector)), busy_tss_type | present, 0x67,
              vmcs.get(VmcsField::host_tr_base)};
  state.ldtr = {0, unusable, 0, 0};
  state.gdtr = {vmcs.get(VmcsField::host_gdtr_base), 0xffff};
  state.idtr = {vmcs.get(VmcsField::host_idtr_base), 0xffff};
}

}  // namespace

void load_host_state(const Vmcs& vmcs, arch::CpuState& state) {
  state.cr0 = loaded_cr0(state.cr0, vmcs.get(VmcsField::host_cr0));
  state.cr3 = vmcs.get(VmcsField::host_cr3);
  const bool in_64_bit = vmcs.has_all(VmcsField::vm_exit_controls, exit_control::host_address_space_size);
  // CR4.PAE is forced on for a 64-bit host, CR4.PCIDE off for a 32-bit one.
  const u64 cr4 = vmcs.get(VmcsField::host_cr4);
  state.cr4 = in_64_bit ? cr4 | arch::cr4::pae : cr4 & ~arch::cr4::pcide;
  state.dr[7] = bit(10);
  state.sysenter_cs = vmcs.get(VmcsField::host_sysenter_cs);
  state.sysenter_esp = vmcs.get(VmcsField::host_sysenter_esp);
  state.sysenter_eip = vmcs.get(VmcsField::host_sysenter_eip);
  if (vmcs.has_all(VmcsField::vm_exit_controls, exit_control::load_pat)) state.pat = vmcs.get(VmcsField::host_pat);
  if (vmcs.has_all(VmcsField::vm_exit_controls, exit_control::load_efer)) {
    state.efer = vmcs.get(VmcsField::host_efer);
  } else {
    constexpr u64 both = arch::efer::lma | arch::efer::lme;
    state.efer = in_64_bit ? state.efer | both : state.efer & ~both;
  }
  load_host_segments(vmcs, state);
  state.rip = vmcs.get(VmcsField::host_rip);
  state.gpr[arch::rsp] = vmcs.get(VmcsField::host_rsp);
  state.rflags = arch::flag::always_one;
  state.activity = arch::Activity::active;
  state.blocking_by_sti = false;
  state.blocking_by_mov_ss = false;
}

}  // namespace trapline::vmx
