// Toggling a control changes exactly its exits; masks, shadows and bitmaps against second models that say the same
// thing another way.
#include "vmx/interception.h"

#include <doctest/doctest.h>
#include <set>
#include <string>

#include "lab.h"
#include "vmx/guest_view.h"

namespace trapline::vmx::test {
namespace {

using F = VmcsField;
using spec::ExitReason;

// Every sensitive instruction once, in the forms that controls tell apart.
struct Probe {
  const char* name;
  Attempt attempt;
};

Attempt cr(Sensitive what, u16 number) { return {.what = what, .length = 3, .gpr = 2, .number = number}; }
Attempt io(Sensitive what) { return {.what = what, .length = 1, .number = 0x3f8, .size = 1}; }

const Probe probes[] = {
    {"cpuid", {.what = Sensitive::cpuid}},
    {"hlt", {.what = Sensitive::hlt}},
    {"rdtsc", {.what = Sensitive::rdtsc}},
    {"rdtscp", {.what = Sensitive::rdtscp}},
    {"rdpmc", {.what = Sensitive::rdpmc}},
    {"invlpg", {.what = Sensitive::invlpg}},
    {"invpcid", {.what = Sensitive::invpcid}},
    {"invd", {.what = Sensitive::invd}},
    {"wbinvd", {.what = Sensitive::wbinvd}},
    {"pause", {.what = Sensitive::pause}},
    {"monitor", {.what = Sensitive::monitor}},
    {"mwait", {.what = Sensitive::mwait}},
    {"xsetbv", {.what = Sensitive::xsetbv}},
    {"mov_to_cr0", cr(Sensitive::mov_to_cr, 0)},
    {"mov_to_cr2", cr(Sensitive::mov_to_cr, 2)},
    {"mov_to_cr3", cr(Sensitive::mov_to_cr, 3)},
    {"mov_to_cr4", cr(Sensitive::mov_to_cr, 4)},
    {"mov_to_cr8", cr(Sensitive::mov_to_cr, 8)},
    {"mov_from_cr0", cr(Sensitive::mov_from_cr, 0)},
    {"mov_from_cr3", cr(Sensitive::mov_from_cr, 3)},
    {"mov_from_cr8", cr(Sensitive::mov_from_cr, 8)},
    {"clts", {.what = Sensitive::clts}},
    {"lmsw", {.what = Sensitive::lmsw}},
    {"smsw", {.what = Sensitive::smsw}},
    {"mov_dr", {.what = Sensitive::mov_dr}},
    {"in", io(Sensitive::in)},
    {"out", io(Sensitive::out)},
    {"ins", io(Sensitive::ins)},
    {"outs", io(Sensitive::outs)},
    {"rdmsr", {.what = Sensitive::rdmsr, .msr = 0x10}},
    {"wrmsr", {.what = Sensitive::wrmsr, .msr = 0x10}},
    {"sgdt", {.what = Sensitive::sgdt}},
    {"sidt", {.what = Sensitive::sidt}},
    {"lgdt", {.what = Sensitive::lgdt}},
    {"lidt", {.what = Sensitive::lidt}},
    {"sldt", {.what = Sensitive::sldt}},
    {"str", {.what = Sensitive::str}},
    {"lldt", {.what = Sensitive::lldt}},
    {"ltr", {.what = Sensitive::ltr}},
    {"vmcall", {.what = Sensitive::vmx_instruction, .number = 18}},
    {"rdrand", {.what = Sensitive::rdrand}},
    {"rdseed", {.what = Sensitive::rdseed}},
};

using Names = std::set<std::string>;

Names exits_of(const Vmcs& vmcs, const memory::HostMemory& memory) {
  Names names;
  for (const Probe& probe : probes)
    if (instruction_exit(vmcs, memory, probe.attempt)) names.insert(probe.name);
  return names;
}

// A VMCS whose every optional control is 0; bitmaps are zero.
Vmcs quiet(const Lab& lab) {
  Vmcs vmcs = lab.unit.current();
  vmcs.set(F::primary_processor_based_controls,
           lab.capabilities.primary.must_be_one | primary::use_msr_bitmaps | primary::activate_secondary_controls);
  vmcs.set(F::secondary_processor_based_controls, secondary::enable_rdtscp | secondary::enable_invpcid);
  return vmcs;
}

const Names always = {"cpuid", "invd", "xsetbv", "vmcall"};

TEST_CASE("without controls only the unconditional exits are left") {
  Lab lab;
  CHECK(exits_of(quiet(lab), lab.memory) == always);
}

struct ControlRow {
  u32 control;
  Names exits;
};

// SDM vol. 3, "Instructions That Cause VM Exits Conditionally", by control.
const ControlRow primary_rows[] = {
    {primary::hlt_exiting, {"hlt"}},
    {primary::invlpg_exiting, {"invlpg", "invpcid"}},
    {primary::mwait_exiting, {"mwait"}},
    {primary::rdpmc_exiting, {"rdpmc"}},
    {primary::rdtsc_exiting, {"rdtsc", "rdtscp"}},
    {primary::cr3_load_exiting, {"mov_to_cr3"}},
    {primary::cr3_store_exiting, {"mov_from_cr3"}},
    {primary::cr8_load_exiting, {"mov_to_cr8"}},
    {primary::cr8_store_exiting, {"mov_from_cr8"}},
    {primary::mov_dr_exiting, {"mov_dr"}},
    {primary::unconditional_io_exiting, {"in", "out", "ins", "outs"}},
    {primary::monitor_exiting, {"monitor"}},
    {primary::pause_exiting, {"pause"}},
    {primary::use_tsc_offsetting, {}},
    {primary::interrupt_window_exiting, {}},
    {primary::use_io_bitmaps, {}},
};
const ControlRow secondary_rows[] = {
    {secondary::descriptor_table_exiting, {"sgdt", "sidt", "lgdt", "lidt", "sldt", "str", "lldt", "ltr"}},
    {secondary::wbinvd_exiting, {"wbinvd"}},
    {secondary::rdrand_exiting, {"rdrand"}},
    {secondary::rdseed_exiting, {"rdseed"}},
    {secondary::enable_ept, {}},
    {secondary::enable_vpid, {}},
};

TEST_CASE("a control changes exactly its exits") {
  Lab lab;
  const auto check = [&](F field, std::span<const ControlRow> rows) {
    for (const ControlRow& row : rows) {
      Vmcs vmcs = quiet(lab);
      vmcs.set(field, vmcs.get(field) | row.control);
      Names expected = always;
      expected.insert(row.exits.begin(), row.exits.end());
      CAPTURE(row.control);
      CHECK(exits_of(vmcs, lab.memory) == expected);
    }
  };
  check(F::primary_processor_based_controls, primary_rows);
  check(F::secondary_processor_based_controls, secondary_rows);
}

TEST_CASE("every processor-based control that the model offers is in those tables or enables something") {
  const Capabilities of = modelled_capabilities();
  u32 known = of.primary_default1 | primary::use_msr_bitmaps | primary::activate_secondary_controls;
  for (const ControlRow& row : primary_rows) known |= row.control;
  CHECK((of.primary.may_be_one & ~known) == 0);
  known = secondary::enable_rdtscp | secondary::enable_invpcid;
  for (const ControlRow& row : secondary_rows) known |= row.control;
  CHECK((of.secondary.may_be_one & ~known) == 0);
}

TEST_CASE("without activate secondary controls the secondary controls are 0") {
  Lab lab;
  Vmcs vmcs = quiet(lab);
  vmcs.set(F::secondary_processor_based_controls, lab.capabilities.secondary.may_be_one);
  vmcs.set(F::primary_processor_based_controls,
           vmcs.get(F::primary_processor_based_controls) & ~u64{primary::activate_secondary_controls});
  CHECK(exits_of(vmcs, lab.memory) == always);
  CHECK(is_undefined(vmcs, Sensitive::rdtscp));
  CHECK(!uses_ept(vmcs));
  CHECK(vpid_of(vmcs) == 0);
}

TEST_CASE("RDTSCP and INVPCID that are not enabled are undefined instead of exiting") {
  Lab lab;
  Vmcs vmcs = quiet(lab);
  vmcs.set(F::secondary_processor_based_controls, 0);
  vmcs.set(F::primary_processor_based_controls,
           vmcs.get(F::primary_processor_based_controls) | primary::rdtsc_exiting | primary::invlpg_exiting);
  CHECK(is_undefined(vmcs, Sensitive::rdtscp));
  CHECK(is_undefined(vmcs, Sensitive::invpcid));
  CHECK(!is_undefined(vmcs, Sensitive::rdtsc));
  CHECK(!instruction_exit(vmcs, lab.memory, {.what = Sensitive::rdtscp}));
  CHECK(!instruction_exit(vmcs, lab.memory, {.what = Sensitive::invpcid}));
}

// The manual's promise behind mask and shadow: a write goes through without an exit exactly where reading back would
// give what was written, in the bits that the host owns.
TEST_CASE("MOV to CR0 and CR4 exit exactly where mask and shadow would show a difference") {
  Lab lab;
  std::mt19937_64 random(7);
  for (int round = 0; round < 2000; ++round) {
    Vmcs vmcs = quiet(lab);
    const u64 mask = random() & random(), shadow = random(), before = random();
    u64 value = random();
    if (round % 2) value = (value & ~mask) | (shadow & mask);  // the half that does not exit
    vmcs.set(F::cr0_guest_host_mask, mask);
    vmcs.set(F::cr0_read_shadow, shadow);
    vmcs.set(F::cr4_guest_host_mask, mask);
    vmcs.set(F::cr4_read_shadow, shadow);
    Attempt attempt = cr(Sensitive::mov_to_cr, 0);
    attempt.value = value;
    const bool reads_back = guest_view_of_cr0(vmcs, cr0_after_write(vmcs, before, value)) == value;
    CHECK(instruction_exit(vmcs, lab.memory, attempt).has_value() == !reads_back);
    attempt.number = 4;
    CHECK(instruction_exit(vmcs, lab.memory, attempt).has_value() == !reads_back);
    CHECK(guest_view_of_cr4(vmcs, cr4_after_write(vmcs, before, value)) == guest_view_of_cr0(vmcs, value));
    CHECK((cr0_after_write(vmcs, before, value) & mask) == (before & mask));
  }
}

TEST_CASE("CLTS and LMSW look at mask and shadow bit by bit") {
  Lab lab;
  for (u64 mask = 0; mask < 16; ++mask)
    for (u64 shadow = 0; shadow < 16; ++shadow) {
      Vmcs vmcs = quiet(lab);
      vmcs.set(F::cr0_guest_host_mask, mask);
      vmcs.set(F::cr0_read_shadow, shadow);
      CHECK(instruction_exit(vmcs, lab.memory, {.what = Sensitive::clts}).has_value() == ((mask & shadow & 8) != 0));
      for (u64 value = 0; value < 16; ++value) {
        bool expected = (mask & 1) && !(shadow & 1) && (value & 1);  // PE can be set, not cleared
        for (const u64 each : {2, 4, 8}) expected = expected || ((mask & each) && (value & each) != (shadow & each));
        Attempt attempt{.what = Sensitive::lmsw, .value = value};
        CHECK(instruction_exit(vmcs, lab.memory, attempt).has_value() == expected);
      }
    }
}

TEST_CASE("a CR3-target value lets MOV to CR3 through") {
  Lab lab;
  Vmcs vmcs = quiet(lab);
  vmcs.set(F::primary_processor_based_controls,
           vmcs.get(F::primary_processor_based_controls) | primary::cr3_load_exiting);
  for (u32 index = 0; index < 4; ++index) vmcs.set(static_cast<F>(0x6008 + 2 * index), 0x1000 * (index + 1));
  for (u64 count = 0; count <= 4; ++count) {
    vmcs.set(F::cr3_target_count, count);
    for (u64 value = 0x1000; value <= 0x5000; value += 0x1000) {
      Attempt attempt = cr(Sensitive::mov_to_cr, 3);
      attempt.value = value;
      CHECK(instruction_exit(vmcs, lab.memory, attempt).has_value() == (value > count * 0x1000));
    }
  }
}

TEST_CASE("I/O bitmaps are asked for every port of an access, and override unconditional I/O exiting") {
  Lab lab;
  Vmcs vmcs = quiet(lab);
  vmcs.set(F::primary_processor_based_controls,
           vmcs.get(F::primary_processor_based_controls) | primary::use_io_bitmaps | primary::unconditional_io_exiting);
  std::mt19937 random(3);
  std::vector<bool> reserved(0x10000);
  for (int each = 0; each < 400; ++each) reserved[random() & 0xffff] = true;
  reserved[0x7fff] = reserved[0x8000] = true;
  reserved[0] = reserved[0xffff] = false;
  for (u32 port = 0; port < 0x10000; ++port)
    if (reserved[port]) {
      const Hpa byte = (port < 0x8000 ? io_bitmap_a : io_bitmap_b) + (port & 0x7fff) / 8;
      lab.memory.write(byte, 1, lab.memory.read(byte, 1) | bit(port % 8), trace::Writer::monitor);
    }
  u32 different = 0;
  for (u32 port = 0; port < 0x10000; ++port)
    for (const u8 size : {1, 2, 4}) {
      bool expected = port + size > 0x10000;  // wraps around
      for (u32 each = port; each < port + size && each < 0x10000; ++each) expected = expected || reserved[each];
      const Attempt attempt{.what = Sensitive::in, .number = static_cast<u16>(port), .size = size};
      different += instruction_exit(vmcs, lab.memory, attempt).has_value() != expected;
    }
  CHECK(different == 0);
}

TEST_CASE("the MSR bitmaps' four quarters, and what lies outside them") {
  Lab lab;
  const Vmcs vmcs = quiet(lab);
  const auto exits = [&](Sensitive what, u32 msr) {
    return instruction_exit(vmcs, lab.memory, {.what = what, .msr = msr}).has_value();
  };
  struct Quarter {
    u64 offset;
    Sensitive what;
    u32 first;
  };
  const Quarter quarters[] = {{0, Sensitive::rdmsr, 0},
                              {1024, Sensitive::rdmsr, 0xc0000000},
                              {2048, Sensitive::wrmsr, 0},
                              {3072, Sensitive::wrmsr, 0xc0000000}};
  for (const Quarter& quarter : quarters) {
    for (const u32 index : {0U, 0x10U, 0x174U, 0x1fffU}) {
      CHECK(!exits(quarter.what, quarter.first + index));
      const Hpa byte = msr_bitmaps + quarter.offset + index / 8;
      lab.memory.write(byte, 1, bit(index % 8), trace::Writer::monitor);
      for (const Quarter& other : quarters) CHECK(exits(other.what, other.first + index) == (&other == &quarter));
      lab.memory.write(byte, 1, 0, trace::Writer::monitor);
    }
  }
  for (const u32 outside : {0x2000U, 0xbfffffffU, 0xc0002000U, 0xffffffffU}) CHECK(exits(Sensitive::rdmsr, outside));
  Vmcs without = vmcs;
  without.set(F::primary_processor_based_controls,
              without.get(F::primary_processor_based_controls) & ~u64{primary::use_msr_bitmaps});
  CHECK(instruction_exit(without, lab.memory, {.what = Sensitive::rdmsr, .msr = 0x10}));
}

TEST_CASE("a bitmap outside memory lets nothing through") {
  Lab lab;
  Vmcs vmcs = quiet(lab);
  vmcs.set(F::msr_bitmap_address, pages * page_bytes);
  vmcs.set(F::io_bitmap_a_address, 0x3ffffffff000);
  vmcs.set(F::primary_processor_based_controls,
           vmcs.get(F::primary_processor_based_controls) | primary::use_io_bitmaps);
  CHECK(instruction_exit(vmcs, lab.memory, {.what = Sensitive::rdmsr, .msr = 0x10}));
  CHECK(instruction_exit(vmcs, lab.memory, io(Sensitive::in)));
}

}  // namespace
}  // namespace trapline::vmx::test
