// Guest and host state through the VMCS: random states there and back, whole entries and exits.
#include <doctest/doctest.h>

#include "lab.h"
#include "vmx/msr_areas.h"

namespace trapline::vmx::test {
namespace {

using F = VmcsField;
using arch::EventType;
using spec::ExitReason;

arch::CpuState random_state(std::mt19937_64& random) {
  arch::CpuState state;
  for (u64& each : state.gpr) each = random();
  state.rip = random();
  state.rflags = random();
  for (arch::Segment& each : state.segments)
    each = {static_cast<u16>(random()), static_cast<u32>(random()), static_cast<u32>(random()), random()};
  state.ldtr = {static_cast<u16>(random()), static_cast<u32>(random()), static_cast<u32>(random()), random()};
  state.tr = {static_cast<u16>(random()), static_cast<u32>(random()), static_cast<u32>(random()), random()};
  state.gdtr = {random(), static_cast<u16>(random())};
  state.idtr = {random(), static_cast<u16>(random())};
  state.cr0 = (random() & 0x8005003f) | arch::cr0::et;
  state.cr2 = random();
  state.cr3 = random();
  state.cr4 = random();
  state.dr[7] = (random() & 0xffff27ff) | 0x400;
  state.efer = random();
  state.star = random();
  state.sysenter_cs = static_cast<u32>(random());
  state.sysenter_esp = random();
  state.sysenter_eip = random();
  state.pat = random();
  state.activity = static_cast<arch::Activity>(random() & 3);
  state.blocking_by_sti = random() & 1;
  state.blocking_by_mov_ss = random() & 1;
  state.blocking_by_nmi = random() & 1;
  return state;
}

TEST_CASE("what save_guest_state writes, load_guest_state brings back") {
  Lab lab;
  std::mt19937_64 random(11);
  for (int round = 0; round < 500; ++round) {
    const arch::CpuState guest = random_state(random);
    Vmcs vmcs = lab.vmcs();
    save_guest_state(vmcs, guest);
    arch::CpuState loaded = random_state(random);
    // Not in the VMCS: general registers but RSP, CR2, CR8, DR0 to DR6, the SYSCALL MSRs and the like.
    const u64 rsp = guest.gpr[arch::rsp];
    loaded.gpr = guest.gpr;
    loaded.gpr[arch::rsp] = ~rsp;
    loaded.cr2 = guest.cr2;
    loaded.star = guest.star;
    load_guest_state(vmcs, loaded);
    CHECK(loaded == guest);
  }
}

TEST_CASE("controls decide whether DR7, EFER and PAT are saved and loaded") {
  Lab lab;
  std::mt19937_64 random(12);
  const arch::CpuState guest = random_state(random);
  Vmcs vmcs = lab.vmcs();
  vmcs.set(F::vm_exit_controls, exit_control::host_address_space_size);
  const Vmcs before = vmcs;
  save_guest_state(vmcs, guest);
  for (const F untouched : {F::guest_dr7, F::guest_efer, F::guest_pat})
    CHECK(vmcs.get(untouched) == before.get(untouched));
  vmcs.set(F::vm_entry_controls, entry_control::ia32e_mode_guest);
  vmcs.set(F::guest_cr0, 0x80010031);
  arch::CpuState loaded;
  loaded.pat = 0x0606060606060606;
  loaded.efer = arch::efer::nxe;
  loaded.dr[7] = 0x455;
  load_guest_state(vmcs, loaded);
  CHECK(loaded.pat == 0x0606060606060606);
  CHECK(loaded.dr[7] == 0x455);
  CHECK(loaded.efer == (arch::efer::nxe | arch::efer::lme | arch::efer::lma));
}

TEST_CASE("a VM exit loads the host's state as the manual lays it out") {
  Lab lab;
  std::mt19937_64 random(13);
  arch::CpuState state = random_state(random);
  const arch::CpuState guest = state;
  load_host_state(lab.vmcs(), state);
  CHECK(state.rip == 0xffffffff81000000);
  CHECK(state.gpr[arch::rsp] == 0xffff800000008000);
  CHECK(state.rflags == 2);
  CHECK(state.cr3 == 0x9000);
  CHECK(state.cr4 == 0x2020);
  CHECK(state.efer == 0xd01);
  CHECK(state.dr[7] == 0x400);
  CHECK(state.segments[arch::cs] == arch::Segment{0x08, 0xa09b, 0xffffffff, 0});
  CHECK(state.segments[arch::ds] == arch::Segment{0x10, 0xc093, 0xffffffff, 0});
  CHECK(state.segments[arch::fs].unusable());  // null selector
  CHECK(state.segments[arch::gs].base == 0xffff800000001000);
  CHECK(state.tr == arch::Segment{0x18, 0x8b, 0x67, 0});
  CHECK(state.ldtr.unusable());
  CHECK(state.gdtr.limit == 0xffff);
  CHECK(state.activity == arch::Activity::active);
  CHECK(!state.blocking_by_sti);
  CHECK(!state.blocking_by_mov_ss);
  CHECK(state.blocking_by_nmi == guest.blocking_by_nmi);
  CHECK(state.gpr[arch::rax] == guest.gpr[arch::rax]);
  CHECK(state.cr2 == guest.cr2);
}

TEST_CASE("launch, exit, resume: launch states, events, and the guest as it was") {
  Lab lab;
  arch::CpuState state = host_state();
  CHECK(enter(lab.unit, EntryKind::resume, state, lab.bus).instruction.error ==
        spec::VmInstructionError::VMRESUME_NOT_LAUNCHED);
  EntryResult entered = enter(lab.unit, EntryKind::launch, state, lab.bus);
  REQUIRE(entered.way == EntryResult::Way::entered);
  CHECK(!entered.injected);
  CHECK(state.rip == 0x100000);
  CHECK(state.cpl() == 0);
  state.rip = 0x100123;
  state.blocking_by_nmi = false;
  const arch::CpuState guest = state;
  ExitInformation exit{ExitReason::CPUID};
  exit.instruction_length = 2;
  CHECK(leave(lab.unit, exit, state, lab.bus) == Abort::none);
  CHECK(state.rip == lab.vmcs().get(F::host_rip));
  CHECK(lab.vmcs().get(F::exit_reason) == 10);
  CHECK(lab.vmcs().get(F::vm_exit_instruction_length) == 2);
  CHECK(lab.vmcs().get(F::guest_rip) == 0x100123);
  CHECK(enter(lab.unit, EntryKind::launch, state, lab.bus).instruction.error ==
        spec::VmInstructionError::VMLAUNCH_NOT_CLEAR);
  entered = enter(lab.unit, EntryKind::resume, state, lab.bus);
  REQUIRE(entered.way == EntryResult::Way::entered);
  CHECK(state == guest);
  const auto entries = lab.events<trace::VmEntry>();
  const auto exits = lab.events<trace::VmExit>();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].launch == 1);
  CHECK(entries[0].vpid == 1);
  CHECK(entries[1].launch == 0);
  CHECK(entries[1].rip == 0x100123);
  REQUIRE(exits.size() == 1);
  CHECK(exits[0].reason == 10);
  CHECK(exits[0].rip == 0x100123);
  CHECK(exits[0].guest_linear == unknown_address);
}

TEST_CASE("VM entry is not possible in the shadow of MOV SS, nor without a current VMCS") {
  Lab lab;
  arch::CpuState state = host_state();
  state.blocking_by_mov_ss = true;
  CHECK(enter(lab.unit, EntryKind::launch, state, lab.bus).instruction.error ==
        spec::VmInstructionError::ENTRY_BLOCKED_BY_MOV_SS);
  (void)lab.unit.vmclear(vmcs_region);
  CHECK(enter(lab.unit, EntryKind::launch, state, lab.bus).instruction.way == InstructionResult::Way::fail_invalid);
}

TEST_CASE("the event to inject, and its valid bit after the next exit") {
  Lab lab;
  Vmcs& vmcs = lab.vmcs();
  vmcs.set(F::vm_entry_interruption_information, 0x80000b0e);
  vmcs.set(F::vm_entry_exception_error_code, 7);
  arch::CpuState state = host_state();
  const EntryResult result = enter(lab.unit, EntryKind::launch, state, lab.bus);
  REQUIRE(result.injected);
  CHECK(result.injected->vector == 14);
  CHECK(result.injected->type == EventType::hardware_exception);
  CHECK(result.injected->has_error_code);
  CHECK(result.injected->error_code == 7);
  CHECK(interruption_information(*result.injected) == 0x80000b0e);
  CHECK(lab.events<trace::VmEntry>()[0].error_code == 7);
  (void)leave(lab.unit, triple_fault(), state, lab.bus);
  CHECK(vmcs.get(F::vm_entry_interruption_information) == 0x00000b0e);
  CHECK(!injected_event(vmcs));
  vmcs.set(F::vm_entry_interruption_information, 0x80000480);
  vmcs.set(F::vm_entry_instruction_length, 2);
  for (const u32 type : {0, 2, 3, 4, 5, 6}) {  // software events: 4, 5, 6
    vmcs.set(F::vm_entry_interruption_information, bit(31) | type << 8 | 3);
    CHECK(injected_event(vmcs)->instruction_length == (type >= 4 ? 2 : 0));
    CHECK(static_cast<u32>(injected_event(vmcs)->type) == type);
  }
}

TEST_CASE("RF is saved as an exception frame would show it") {
  const auto saved_rf = [](const ExitInformation& exit) {
    Lab lab;
    arch::CpuState state;
    (void)leave(lab.unit, exit, state, lab.bus);
    return (lab.vmcs().get(F::guest_rflags) & arch::flag::rf) != 0;
  };
  ExitInformation fault{ExitReason::EXCEPTION_NMI};
  fault.interruption_information = 0x80000b0e;
  CHECK(saved_rf(fault));
  ExitInformation breakpoint{ExitReason::EXCEPTION_NMI};
  breakpoint.interruption_information = 0x80000603;
  CHECK(!saved_rf(breakpoint));
  CHECK(saved_rf(ept_violation(1, Gva(0), Gpa(0))));
  CHECK(!saved_rf({ExitReason::CPUID}));
}

TEST_CASE("an NMI exit leaves the host with NMIs blocked") {
  Lab lab;
  arch::CpuState state;
  ExitInformation exit{ExitReason::EXCEPTION_NMI};
  exit.interruption_information = 0x80000202;
  (void)leave(lab.unit, exit, state, lab.bus);
  CHECK(state.blocking_by_nmi);
}

// ---- MSR areas
// -------------------------------------------------------------------------------------------------------
void put_msr(Lab& lab, u32 number, u64 index, u64 value) {
  const Hpa entry = msr_area + (number - 1) * msr_entry_bytes;
  lab.memory.write(entry, 8, index, trace::Writer::monitor);
  lab.memory.write(entry + 8, 8, value, trace::Writer::monitor);
}

TEST_CASE("VM entry loads MSRs from its area, and names the entry that fails") {
  Lab lab;
  lab.vmcs().set(F::vm_entry_msr_load_address, msr_area.value);
  lab.vmcs().set(F::vm_entry_msr_load_count, 2);
  put_msr(lab, 1, 0xc0000082, 0xffffffff80000000);
  put_msr(lab, 2, 0xc0000103, 5);
  arch::CpuState state = host_state();
  REQUIRE(enter(lab.unit, EntryKind::launch, state, lab.bus).way == EntryResult::Way::entered);
  CHECK(state.lstar == 0xffffffff80000000);
  CHECK(state.tsc_aux == 5);

  const std::pair<u64, u64> refused[] = {{0xc0000100, 0},                   // FS base may not be named
                                         {0xc0000082, 0x0000800000000000},  // not canonical
                                         {0xc0000080, 0xc01},               // would clear LME under paging
                                         {0xc0000080, 0xd03},               // reserved bit
                                         {0x12345, 0},                      // no such MSR
                                         {1ULL << 32 | 0x174, 0},           // reserved bits of the entry
                                         {0x277, 2}};                       // PAT with a reserved type
  for (const auto& [index, value] : refused) {
    Lab other;
    other.vmcs().set(F::vm_entry_msr_load_address, msr_area.value);
    other.vmcs().set(F::vm_entry_msr_load_count, 2);
    put_msr(other, 1, 0x174, 8);
    put_msr(other, 2, index, value);
    state = host_state();
    const EntryResult result = enter(other.unit, EntryKind::launch, state, other.bus);
    CAPTURE(index);
    CHECK(result.way == EntryResult::Way::entry_failure);
    CHECK(other.vmcs().get(F::exit_reason) == 0x80000022);
    CHECK(other.vmcs().get(F::exit_qualification) == 2);
    CHECK(state.rip == other.vmcs().get(F::host_rip));
  }
}

TEST_CASE("VM exit stores and loads MSRs, and aborts where it cannot") {
  Lab lab;
  lab.vmcs().set(F::vm_exit_msr_store_address, msr_area.value);
  lab.vmcs().set(F::vm_exit_msr_store_count, 1);
  lab.vmcs().set(F::vm_exit_msr_load_address, msr_area.value + 16);
  lab.vmcs().set(F::vm_exit_msr_load_count, 1);
  put_msr(lab, 1, 0xc0000081, 0);
  put_msr(lab, 2, 0xc0000081, 0x99);
  arch::CpuState state;
  state.star = 0x1234;
  CHECK(leave(lab.unit, {ExitReason::HLT}, state, lab.bus) == Abort::none);
  CHECK(lab.memory.read(msr_area + 8, 8) == 0x1234);
  CHECK(state.star == 0x99);
  put_msr(lab, 2, 0x12345, 0);
  CHECK(leave(lab.unit, {ExitReason::HLT}, state, lab.bus) == Abort::loading_host_msrs);
  CHECK(lab.memory.read(vmcs_region + 4, 4) == 4);
  CHECK(state.activity == arch::Activity::shutdown);
  put_msr(lab, 1, 0x12345, 0);
  CHECK(leave(lab.unit, {ExitReason::HLT}, state, lab.bus) == Abort::saving_guest_msrs);
}

TEST_CASE("an endless or distant MSR list ends soon") {
  Lab lab;
  arch::CpuState state;
  CHECK(load_msr_area(lab.memory, Hpa::of_page(pages), ~0U, lab.capabilities, state) == 1);
  CHECK(store_msr_area(lab.memory, Hpa::of_page(pages), ~0U, state) == 1);
  for (u32 number = 1; number <= longest_msr_list + 1; ++number) put_msr(lab, number, 0x174, 8);
  CHECK(load_msr_area(lab.memory, msr_area, ~0U, lab.capabilities, state) == longest_msr_list + 1);
  CHECK(!load_msr_area(lab.memory, msr_area, longest_msr_list, lab.capabilities, state));
}

}  // namespace
}  // namespace trapline::vmx::test
