// The names of bits that a reader sees are held against the constants that the machine obeys.
#include "spec/field_bits.h"

#include <cctype>
#include <doctest/doctest.h>
#include <string>

#include "arch/cpu_state.h"
#include "spec/vmcs_fields.h"
#include "vmx/controls.h"

namespace trapline::vmx {
namespace {

using spec::FieldForm;

// `HLT exiting` and `I/O` as a constant is written: hlt_exiting, io.
std::string as_constant(std::string_view name) {
  std::string out;
  for (const char letter : name) {
    if (letter == '/') continue;
    const bool word = std::isalnum(static_cast<unsigned char>(letter)) != 0;
    out += word ? static_cast<char>(std::tolower(static_cast<unsigned char>(letter))) : '_';
  }
  return out;
}

void check(FieldForm form, u64 mask, std::string_view name) {
  CAPTURE(name);
  std::string found;
  for (const spec::FieldBits& row : spec::field_bits_of(form))
    if (bit_mask(row.high, row.low) == mask) found = as_constant(row.name);
  CHECK(found == name);
}

TEST_CASE("controls have the manual's bits and names") {
#define SAME(form, space, name) check(FieldForm::form, space::name, #name)
  SAME(pin_based, pin, external_interrupt_exiting);
  SAME(pin_based, pin, nmi_exiting);
  SAME(pin_based, pin, virtual_nmis);
  SAME(pin_based, pin, process_posted_interrupts);
  SAME(primary, primary, interrupt_window_exiting);
  SAME(primary, primary, use_tsc_offsetting);
  SAME(primary, primary, hlt_exiting);
  SAME(primary, primary, invlpg_exiting);
  SAME(primary, primary, mwait_exiting);
  SAME(primary, primary, rdpmc_exiting);
  SAME(primary, primary, rdtsc_exiting);
  SAME(primary, primary, cr3_load_exiting);
  SAME(primary, primary, cr3_store_exiting);
  SAME(primary, primary, activate_tertiary_controls);
  SAME(primary, primary, cr8_load_exiting);
  SAME(primary, primary, cr8_store_exiting);
  SAME(primary, primary, use_tpr_shadow);
  SAME(primary, primary, nmi_window_exiting);
  SAME(primary, primary, mov_dr_exiting);
  SAME(primary, primary, unconditional_io_exiting);
  SAME(primary, primary, use_io_bitmaps);
  SAME(primary, primary, monitor_trap_flag);
  SAME(primary, primary, use_msr_bitmaps);
  SAME(primary, primary, monitor_exiting);
  SAME(primary, primary, pause_exiting);
  SAME(primary, primary, activate_secondary_controls);
  SAME(secondary, secondary, virtualize_apic_accesses);
  SAME(secondary, secondary, enable_ept);
  SAME(secondary, secondary, descriptor_table_exiting);
  SAME(secondary, secondary, enable_rdtscp);
  SAME(secondary, secondary, virtualize_x2apic_mode);
  SAME(secondary, secondary, enable_vpid);
  SAME(secondary, secondary, wbinvd_exiting);
  SAME(secondary, secondary, unrestricted_guest);
  SAME(secondary, secondary, apic_register_virtualization);
  SAME(secondary, secondary, virtual_interrupt_delivery);
  SAME(secondary, secondary, pause_loop_exiting);
  SAME(secondary, secondary, rdrand_exiting);
  SAME(secondary, secondary, enable_invpcid);
  SAME(secondary, secondary, enable_vm_functions);
  SAME(secondary, secondary, vmcs_shadowing);
  SAME(secondary, secondary, rdseed_exiting);
  SAME(secondary, secondary, enable_pml);
  SAME(vm_exit, exit_control, save_debug_controls);
  SAME(vm_exit, exit_control, host_address_space_size);
  SAME(vm_exit, exit_control, acknowledge_interrupt_on_exit);
  SAME(vm_entry, entry_control, load_debug_controls);
  check(FieldForm::vm_entry, entry_control::ia32e_mode_guest, "ia_32e_mode_guest");
  SAME(vm_entry, entry_control, entry_to_smm);
#undef SAME
}

TEST_CASE("interruption information and interruptibility too") {
  check(FieldForm::entry_interruption, interruption::vector_mask, "vector");
  check(FieldForm::entry_interruption, interruption::type_mask, "type");
  check(FieldForm::entry_interruption, interruption::valid, "valid");
  check(FieldForm::exit_interruption, interruption::error_code_valid, "error_code_valid");
  check(FieldForm::exit_interruption, interruption::nmi_unblocking, "nmi_unblocking_due_to_iret");
  check(FieldForm::interruptibility, interruptibility::blocking_by_sti, "blocking_by_sti");
  check(FieldForm::interruptibility, interruptibility::blocking_by_mov_ss, "blocking_by_mov_ss");
  check(FieldForm::interruptibility, interruptibility::blocking_by_nmi, "blocking_by_nmi");
}

TEST_CASE("registers too") {
#define SAME(form, space, name) check(FieldForm::form, space::name, #name)
  using namespace arch;
  SAME(cr0, cr0, pe);
  SAME(cr0, cr0, mp);
  SAME(cr0, cr0, em);
  SAME(cr0, cr0, ts);
  SAME(cr0, cr0, ne);
  SAME(cr0, cr0, wp);
  SAME(cr0, cr0, am);
  SAME(cr0, cr0, nw);
  SAME(cr0, cr0, cd);
  SAME(cr0, cr0, pg);
  SAME(cr4, cr4, vme);
  SAME(cr4, cr4, tsd);
  SAME(cr4, cr4, pse);
  SAME(cr4, cr4, pae);
  SAME(cr4, cr4, pge);
  SAME(cr4, cr4, osfxsr);
  SAME(cr4, cr4, umip);
  SAME(cr4, cr4, la57);
  SAME(cr4, cr4, vmxe);
  SAME(cr4, cr4, fsgsbase);
  SAME(cr4, cr4, pcide);
  SAME(cr4, cr4, osxsave);
  SAME(cr4, cr4, smep);
  SAME(cr4, cr4, smap);
  SAME(cr4, cr4, pke);
  SAME(efer, efer, sce);
  SAME(efer, efer, lme);
  SAME(efer, efer, lma);
  SAME(efer, efer, nxe);
  SAME(rflags, flag, cf);
  SAME(rflags, flag, zf);
  SAME(rflags, flag, tf);
  SAME(rflags, flag, df);
  SAME(rflags, flag, of);
  SAME(rflags, flag, iopl);
  SAME(rflags, flag, ac);
  check(FieldForm::rflags, flag::if_, "if");
#undef SAME
}

TEST_CASE("forms of fields: access rights of all eight registers, and what an exit reason makes of the qualification") {
  using spec::VmcsField;
  for (u32 index = 0; index < 8; ++index)
    CHECK(spec::form_of_vmcs_field(0x4814 + 2 * index) == FieldForm::access_rights);
  CHECK_FALSE(spec::form_of_vmcs_field(0x4824) == FieldForm::access_rights);
  CHECK_FALSE(spec::form_of_vmcs_field(static_cast<u32>(VmcsField::guest_rip)).has_value());
  CHECK(spec::form_of_qualification(30, 0) == FieldForm::qualification_io);
  CHECK(spec::form_of_qualification(0, 1) == FieldForm::qualification_debug);
  CHECK_FALSE(spec::form_of_qualification(0, 14).has_value());
  CHECK(spec::value_word(FieldForm::qualification_cr, 4, 1) == "MOV from CR");
  CHECK(spec::value_word(FieldForm::qualification_cr, 4, 9).empty());
  CHECK(spec::reserved_of(FieldForm::activity) == 0xffffffff00000000);
}

}  // namespace
}  // namespace trapline::vmx
