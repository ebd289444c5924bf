// Bringing the VMCS up: controls within what the processor allows, the host state to return to, the guest state.
#include <string>

#include "soft/kernel_half.h"
#include "vmx/controls.h"
#include "vmx/entry.h"
#include "vmx/exit.h"
#include "vmx/guest_view.h"

namespace trapline::soft {

using metal::HardwareOptions;

namespace {

// Where the monitor would continue if it were modelled instructions. It is C++, so these only have to be valid.
constexpr u64 host_code = 0xffff800000000000, host_stack = 0xffff800000010000, host_tables = 0xffff800000020000;
constexpr u16 host_code_selector = 0x08, host_data_selector = 0x10, host_task_selector = 0x18;

// Guest registers of CR0 and CR4 that the monitor keeps to itself: what VMX operation fixes, and VMXE.
constexpr u64 owned_cr0 = arch::cr0::pe | arch::cr0::pg | arch::cr0::ne | arch::cr0::nw | arch::cr0::cd;
constexpr u64 owned_cr4 = arch::cr4::pae | arch::cr4::vmxe | arch::cr4::smxe | arch::cr4::la57;

// MSRs whose guest values may live in the processor while the monitor runs: no exit needed.
constexpr u32 passed_through[] = {0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000100, 0xc0000101,
                                  0xc0000102, 0xc0000103, 0x174,      0x175,      0x176};

using Field = spec::VmcsField;

// The fields of the eight segment registers lie at even steps, in the order ES CS SS DS FS GS LDTR TR.
constexpr Field nth(Field first, unsigned index) { return static_cast<Field>(static_cast<u32>(first) + 2 * index); }

struct Control {
  Field field;
  vmx::AllowedSettings allowed;
  u32 wanted;
  const char* name;
};

}  // namespace

Result<> KernelHalf::start() {
  vmx::VmxUnit& unit = processor_.vmx();
  const Hpa vmxon = Hpa::of_page(frame::vmxon), vmcs = Hpa::of_page(frame::vmcs);
  const u64 revision = unit.capabilities().revision;
  processor_.memory().write(vmxon, 4, revision, trace::Writer::monitor);
  processor_.memory().write(vmcs, 4, revision, trace::Writer::monitor);
  if (!unit.vmxon(vmxon).ok() || !unit.vmclear(vmcs).ok() || !unit.vmptrld(vmcs).ok())
    return internal_error(
        "soft: the modelled processor refused VMXON, VMCLEAR or VMPTRLD of the monitor's own regions");
  write_bitmaps();
  write_controls();
  write_host_state();
  // The monitor runs in the state that every VM exit will come back to.
  arch::CpuState host = processor_.cpu().state();
  vmx::load_host_state(unit.current(), host);
  processor_.cpu().set_state(host);
  return {};
}

u32 KernelHalf::wished_primary_controls() const {
  using namespace vmx::primary;
  u32 wanted = activate_secondary_controls | use_tsc_offsetting;
  const std::pair<bool, u32> wishes[] = {
      {options_.hlt_exiting, hlt_exiting},
      {options_.rdtsc_exiting, rdtsc_exiting},
      {options_.invlpg_exiting, invlpg_exiting},
      {options_.cr3_load_exiting, cr3_load_exiting},
      {options_.cr3_store_exiting, cr3_store_exiting},
      {options_.mov_dr_exiting, mov_dr_exiting},
      {options_.pause_exiting, pause_exiting},
      {options_.unconditional_io_exiting, unconditional_io_exiting},
      {options_.use_msr_bitmaps, use_msr_bitmaps},
  };
  for (const auto& [wished, control] : wishes)
    if (wished) wanted |= control;
  return wanted;
}

u32 KernelHalf::wished_secondary_controls() const {
  using namespace vmx::secondary;
  u32 wanted = enable_rdtscp | enable_invpcid;
  if (options_.ept) wanted |= enable_ept;
  if (options_.vpid) wanted |= enable_vpid;
  if (options_.descriptor_table_exiting) wanted |= descriptor_table_exiting;
  return wanted;
}

void KernelHalf::write_controls() {
  const vmx::Capabilities& can = processor_.vmx().capabilities();
  using namespace vmx;
  const Control controls[] = {
      {Field::pin_based_controls, can.pin, pin::external_interrupt_exiting | pin::nmi_exiting, "pin"},
      {Field::primary_processor_based_controls, can.primary, wished_primary_controls(), "primary"},
      {Field::secondary_processor_based_controls, can.secondary, wished_secondary_controls(), "secondary"},
      {Field::vm_exit_controls, can.exit,
       exit_control::host_address_space_size | exit_control::acknowledge_interrupt_on_exit | exit_control::save_efer |
           exit_control::load_efer | exit_control::save_pat | exit_control::load_pat,
       "exit"},
      {Field::vm_entry_controls, can.entry,
       entry_control::ia32e_mode_guest | entry_control::load_efer | entry_control::load_pat, "entry"},
  };
  for (const Control& control : controls) write(control.field, control.allowed.adjusted(control.wanted));
  write(Field::exception_bitmap, options_.exception_bitmap);
  write(Field::page_fault_error_code_mask, 0);
  write(Field::page_fault_error_code_match, 0);
  write(Field::cr3_target_count, 0);
  write(Field::cr0_guest_host_mask, owned_cr0);
  write(Field::cr4_guest_host_mask, owned_cr4);
  write(Field::tsc_offset, 0);
  write(Field::io_bitmap_a_address, Hpa::of_page(frame::io_bitmap_a).value);
  write(Field::io_bitmap_b_address, Hpa::of_page(frame::io_bitmap_b).value);
  if (options_.use_msr_bitmaps) write(Field::msr_bitmap_address, Hpa::of_page(frame::msr_bitmap).value);
  if (options_.vpid) write(Field::virtual_processor_identifier, 1);
  if (options_.ept) write(Field::ept_pointer, ept_.pointer());
  write(Field::vmcs_link_pointer, ~0ULL);
}

// SDM vol. 3, "MSR-Bitmap Address": four KiB, reads below writes, low MSRs below 0xc0000000 and up; 1 means exit.
void KernelHalf::write_bitmaps() {
  const Hpa bitmap = Hpa::of_page(frame::msr_bitmap);
  const std::vector<std::byte> all_exit(page_bytes, std::byte{0xff});
  processor_.memory().write_bytes(bitmap, all_exit, trace::Writer::monitor);
  for (const u32 msr : passed_through) {
    const u64 low = (msr >= 0xc0000000 ? 1024 : 0) + (msr & 0x1fff) / 8;
    for (const u64 offset : {low, low + 2048}) {
      const u64 value = processor_.memory().read(bitmap + offset, 1);
      processor_.memory().write(bitmap + offset, 1, with_bit(value, msr % 8, false), trace::Writer::monitor);
    }
  }
}

void KernelHalf::write_host_state() {
  const vmx::Capabilities& can = processor_.vmx().capabilities();
  const std::pair<Field, u64> rows[] = {
      {Field::host_cr0, (arch::cr0::pe | arch::cr0::pg | arch::cr0::et | arch::cr0::wp) | can.cr0_fixed0},
      {Field::host_cr3, 0},
      {Field::host_cr4, arch::cr4::pae | can.cr4_fixed0},
      {Field::host_cs_selector, host_code_selector},
      {Field::host_ss_selector, host_data_selector},
      {Field::host_ds_selector, 0},
      {Field::host_es_selector, 0},
      {Field::host_fs_selector, 0},
      {Field::host_gs_selector, 0},
      {Field::host_tr_selector, host_task_selector},
      {Field::host_fs_base, 0},
      {Field::host_gs_base, 0},
      {Field::host_tr_base, host_tables},
      {Field::host_gdtr_base, host_tables},
      {Field::host_idtr_base, host_tables},
      {Field::host_sysenter_cs, 0},
      {Field::host_sysenter_esp, 0},
      {Field::host_sysenter_eip, 0},
      {Field::host_pat, 0x0007040600070406},
      {Field::host_efer, arch::efer::lme | arch::efer::lma | arch::efer::nxe | arch::efer::sce},
      {Field::host_rsp, host_stack},
      {Field::host_rip, host_code},
  };
  for (const auto& [field, value] : rows) write(field, value);
}

void KernelHalf::write_guest_state(const arch::CpuState& state) {
  const arch::Segment* segments[] = {&state.segments[arch::es],
                                     &state.segments[arch::cs],
                                     &state.segments[arch::ss],
                                     &state.segments[arch::ds],
                                     &state.segments[arch::fs],
                                     &state.segments[arch::gs],
                                     &state.ldtr,
                                     &state.tr};
  for (unsigned index = 0; index < 8; ++index) {
    write(nth(Field::guest_es_selector, index), segments[index]->selector);
    write(nth(Field::guest_es_base, index), segments[index]->base);
    write(nth(Field::guest_es_limit, index), segments[index]->limit);
    write(nth(Field::guest_es_access_rights, index), segments[index]->access_rights);
  }
  const u32 interruptibility = (state.blocking_by_sti ? vmx::interruptibility::blocking_by_sti : 0) |
                               (state.blocking_by_mov_ss ? vmx::interruptibility::blocking_by_mov_ss : 0) |
                               (state.blocking_by_nmi ? vmx::interruptibility::blocking_by_nmi : 0);
  const vmx::Capabilities& can = processor_.vmx().capabilities();
  const std::pair<Field, u64> rows[] = {
      {Field::guest_cr0, state.cr0 | can.cr0_fixed0},
      {Field::cr0_read_shadow, state.cr0},
      {Field::guest_cr3, state.cr3},
      {Field::guest_cr4, state.cr4 | can.cr4_fixed0},
      {Field::cr4_read_shadow, state.cr4},
      {Field::guest_gdtr_base, state.gdtr.base},
      {Field::guest_gdtr_limit, state.gdtr.limit},
      {Field::guest_idtr_base, state.idtr.base},
      {Field::guest_idtr_limit, state.idtr.limit},
      {Field::guest_dr7, state.dr[7]},
      {Field::guest_rsp, state.gpr[arch::rsp]},
      {Field::guest_rip, state.rip},
      {Field::guest_rflags, state.rflags},
      {Field::guest_efer, state.efer},
      {Field::guest_pat, state.pat},
      {Field::guest_sysenter_cs, state.sysenter_cs},
      {Field::guest_sysenter_esp, state.sysenter_esp},
      {Field::guest_sysenter_eip, state.sysenter_eip},
      {Field::guest_interruptibility_state, interruptibility},
      {Field::guest_activity_state, static_cast<u64>(state.activity)},
      {Field::guest_pending_debug_exceptions, 0},
  };
  for (const auto& [field, value] : rows) write(field, value);
  processor_.load_unswitched(state);
}

arch::CpuState KernelHalf::guest_state() const {
  arch::CpuState state = processor_.cpu().state();  // what a VM exit leaves loaded
  const vmx::Vmcs& vmcs = processor_.vmx().current();
  vmx::load_guest_state(vmcs, state);
  // What the guest would read: the monitor's own bits come from the shadows.
  state.cr0 = vmx::guest_view_of_cr0(vmcs, state.cr0);
  state.cr4 = vmx::guest_view_of_cr4(vmcs, state.cr4);
  return state;
}

}  // namespace trapline::soft
