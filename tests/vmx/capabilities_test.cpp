// The capability MSRs against the manual's default1 classes and against themselves.
#include <doctest/doctest.h>

#include "lab.h"
#include "spec/msrs.h"

namespace trapline::vmx::test {
namespace {

u64 msr(spec::MsrIndex index) { return modelled_capabilities().msr(static_cast<u32>(index)).value(); }

using spec::MsrIndex;

TEST_CASE("the MSRs without TRUE fix the default1 class to 1") {
  // SDM vol. 3, "Reserved Controls and Default Settings".
  const auto must_be_one = [](MsrIndex index) { return msr(index) & 0xffffffff; };
  CHECK((must_be_one(MsrIndex::IA32_VMX_PINBASED_CTLS) & 0x16) == 0x16);
  CHECK((must_be_one(MsrIndex::IA32_VMX_PROCBASED_CTLS) & 0x0401e172) == 0x0401e172);
  CHECK((must_be_one(MsrIndex::IA32_VMX_EXIT_CTLS) & 0x00036dff) == 0x00036dff);
  CHECK((must_be_one(MsrIndex::IA32_VMX_ENTRY_CTLS) & 0x000011ff) == 0x000011ff);
  CHECK(has_bit(msr(MsrIndex::IA32_VMX_BASIC), 55));
  CHECK((must_be_one(MsrIndex::IA32_VMX_TRUE_PROCBASED_CTLS) & 0x18000) == 0);  // CR3-load and CR3-store exiting
}

TEST_CASE("what must be 1 may be 1, and TRUE MSRs are never stricter") {
  const Capabilities of = modelled_capabilities();
  for (const AllowedSettings& each : {of.pin, of.primary, of.secondary, of.exit, of.entry}) {
    CHECK((each.must_be_one & ~each.may_be_one) == 0);
    CHECK(each.allows(each.must_be_one));
    CHECK(each.allows(each.may_be_one));
    for (const u32 wish : {0U, ~0U, 0x12345678U}) CHECK(each.allows(each.adjusted(wish)));
  }
  for (u32 index = 0; index < 4; ++index) {
    const u64 plain = *of.msr(0x481 + index), precise = *of.msr(0x48d + index);
    CHECK((plain >> 32) == (precise >> 32));
    CHECK((precise & ~plain & 0xffffffff) == 0);
  }
}

TEST_CASE("every VMX MSR that the rows call fixed exists, and no other") {
  const Capabilities of = modelled_capabilities();
  for (const spec::MsrInfo& row : spec::msr_rows())
    CHECK(of.msr(static_cast<u32>(row.value)).has_value() ==
          (row.name.starts_with("IA32_VMX_") && row.model == spec::MsrModel::fixed));
  CHECK(!of.msr(0x492));
}

TEST_CASE("IA32_VMX_BASIC and IA32_VMX_VMCS_ENUM describe this model's VMCS") {
  const u64 basic = msr(MsrIndex::IA32_VMX_BASIC);
  CHECK(bits(basic, 30, 0) == modelled_capabilities().revision);
  CHECK(!has_bit(basic, 31));
  CHECK(bits(basic, 44, 32) == 4096);
  CHECK(bits(basic, 53, 50) == 6);
  u64 highest = 0;
  for (const spec::VmcsFieldInfo& field : spec::vmcs_field_rows())
    highest = std::max<u64>(highest, spec::index_of_field(static_cast<u32>(field.value)));
  CHECK(bits(msr(MsrIndex::IA32_VMX_VMCS_ENUM), 9, 1) == highest);
}

TEST_CASE("control bits that the model implements can be set, each") {
  const Capabilities of = modelled_capabilities();
  const auto offers = [](const AllowedSettings& settings, std::initializer_list<u32> controls) {
    for (const u32 control : controls) CHECK(settings.allows(settings.must_be_one | control));
  };
  offers(of.pin, {pin::external_interrupt_exiting, pin::nmi_exiting});
  offers(of.primary,
         {primary::interrupt_window_exiting, primary::use_tsc_offsetting, primary::hlt_exiting, primary::invlpg_exiting,
          primary::mwait_exiting, primary::rdpmc_exiting, primary::rdtsc_exiting, primary::cr3_load_exiting,
          primary::cr3_store_exiting, primary::cr8_load_exiting, primary::cr8_store_exiting, primary::mov_dr_exiting,
          primary::unconditional_io_exiting, primary::use_io_bitmaps, primary::use_msr_bitmaps,
          primary::monitor_exiting, primary::pause_exiting, primary::activate_secondary_controls});
  offers(of.secondary, {secondary::enable_ept, secondary::descriptor_table_exiting, secondary::enable_rdtscp,
                        secondary::enable_vpid, secondary::wbinvd_exiting, secondary::enable_invpcid});
  offers(of.exit, {exit_control::acknowledge_interrupt_on_exit, exit_control::save_pat, exit_control::load_pat,
                   exit_control::save_efer, exit_control::load_efer});
  offers(of.entry, {entry_control::load_pat, entry_control::load_efer, entry_control::load_debug_controls});
  for (const u64 cr4 : {arch::cr4::pae, arch::cr4::pge, arch::cr4::osfxsr, arch::cr4::osxmmexcpt, arch::cr4::umip,
                        arch::cr4::fsgsbase, arch::cr4::pcide, arch::cr4::smep, arch::cr4::smap, arch::cr4::tsd})
    CHECK((of.cr4_fixed1 & cr4) != 0);
  for (const u64 cr4 : {arch::cr4::la57, arch::cr4::smxe, arch::cr4::pke}) CHECK((of.cr4_fixed1 & cr4) == 0);
}

TEST_CASE("control bits that the model does not implement cannot be set") {
  const Capabilities of = modelled_capabilities();
  for (const u32 absent : {primary::use_tpr_shadow, primary::nmi_window_exiting, primary::monitor_trap_flag,
                           primary::activate_tertiary_controls})
    CHECK(!of.primary.allows(of.primary.must_be_one | absent));
  for (const u32 absent : {secondary::unrestricted_guest, secondary::virtualize_apic_accesses,
                           secondary::pause_loop_exiting, secondary::enable_vm_functions, secondary::enable_xsaves})
    CHECK(!of.secondary.allows(absent));
  CHECK(!of.pin.allows(of.pin.must_be_one | pin::virtual_nmis));
  CHECK(!of.entry.allows(of.entry.must_be_one & ~entry_control::ia32e_mode_guest));
}

}  // namespace
}  // namespace trapline::vmx::test
