// What delivery leaves behind: frames, flags, privilege, CR2 and DR6, events on the bus, and what the pins can see
// while it goes on.
#include <doctest/doctest.h>

#include "cpu/system_cases.h"
#include "cpu/system_double_fault.h"
#include "cpu/system_machine.h"

namespace trapline::test {

namespace {

using namespace arch;
using cpu::Raised;

constexpr Delivery interrupt(u8 vector) { return {vector, EventType::external_interrupt, false, 0, 0}; }

}  // namespace

TEST_CASE("an interrupt from CPL 3 switches to RSP0 and pushes the whole frame") {
  World world;
  world.set_code(3, {0x90});
  world.state.rflags |= flag::if_ | flag::tf | flag::nt | flag::iopl;
  SystemMachine machine(world);
  CHECK(machine.cpu.raise_event(interrupt(0x20)) == Raised::delivered);
  const World after = machine.after();
  CHECK(after.state.rip == at::handlers + 0x200);
  CHECK(after.state.gpr[rsp] == at::kernel_stack - 40);
  CHECK(after.get(at::kernel_stack - 8) == sel::data3);
  CHECK(after.get(at::kernel_stack - 16) == world.state.gpr[rsp]);
  CHECK(after.get(at::kernel_stack - 24) == world.state.rflags);
  CHECK(after.get(at::kernel_stack - 32) == sel::code3);
  CHECK(after.get(at::kernel_stack - 40) == world.state.rip);
  CHECK(after.state.cpl() == 0);
  CHECK(after.state.segments[ss].selector == 0);
  CHECK(after.state.segments[ss].unusable());
  CHECK(after.state.segments[cs].selector == sel::code0);
  CHECK(after.state.rflags == (flag::always_one | flag::iopl));
}

TEST_CASE("a trap gate leaves IF alone; INT n pushes the address behind it, a fault its own with RF") {
  World world;
  world.set_code(0, {0xcd, 0x80});
  world.state.rflags |= flag::if_;
  world.set_gate(0x80, sel::code0, at::handlers + 0x800, 15, 0);
  SystemMachine trap(world);
  CHECK(trap.run() == faults(0x80));
  CHECK((trap.cpu.rflags() & flag::if_) != 0);
  CHECK(trap.after().get(trap.cpu.gpr(rsp)) == world.state.rip + 2);
  CHECK(trap.after().get(trap.cpu.gpr(rsp) + 16) == (flag::if_ | 2));
  CHECK(trap.cpu.retired() == 2);  // INT and HLT

  world.set_code(0, {0x0f, 0x0b});
  SystemMachine fault(world);
  CHECK(fault.run() == faults(6));
  CHECK((fault.cpu.rflags() & flag::if_) == 0);
  CHECK(fault.after().get(fault.cpu.gpr(rsp)) == world.state.rip);
  CHECK(fault.after().get(fault.cpu.gpr(rsp) + 16) == (flag::if_ | flag::rf | 2));
  CHECK(fault.cpu.retired() == 1);  // HLT alone
}

TEST_CASE("a gate to a conforming segment keeps CPL 3, and its frame is written as the user") {
  World world;
  world.set_code(3, {0xcd, 0x80});
  world.set_gate(0x80, sel::conforming, at::user_code + 0x200, 14, 3);
  world.put(at::user_code + 0x200, 0x0b0f, 2);
  SystemMachine machine(world);
  CHECK(machine.run() == faults(6));
  const u64 frame = world.state.gpr[rsp] - 40;
  CHECK(machine.after().get(frame) == world.state.rip + 2);
  world.state.gpr[rsp] = at::kernel_stack;  // a user may not write there
  SystemMachine refused(world);
  CHECK(refused.run() == faults(14, 7));
}

TEST_CASE("a page fault sets CR2 before its handler runs, and pushes the error code") {
  World world;
  world.set_code(3, {0x8b, 0x03});
  world.state.gpr[rbx] = at::kernel_data + 0x123;
  SystemMachine machine(world);
  CHECK(machine.run() == faults(14, 5));
  CHECK(machine.cpu.system.cr2 == at::kernel_data + 0x123);
  machine.bus.flush();
  const auto told = machine.sink.all<trace::Exception>();
  REQUIRE(told.size() == 1);
  CHECK(told[0].second.vector == 14);
  CHECK(told[0].second.error_code == 5);
  CHECK(told[0].second.rip == world.state.rip);
  CHECK(told[0].second.cr2 == at::kernel_data + 0x123);
}

TEST_CASE("an interrupt is told as delivered") {
  World world;
  world.set_code(0, {0x90});
  SystemMachine machine(world);
  machine.cpu.raise_event(interrupt(0x31));
  machine.bus.flush();
  const auto told = machine.sink.all<trace::Interrupt>();
  REQUIRE(told.size() == 1);
  CHECK(told[0].second.vector == 0x31);
  CHECK(told[0].second.phase == static_cast<u8>(trace::InterruptPhase::delivered));
  CHECK(told[0].second.rip == world.state.rip);
}

TEST_CASE("an NMI blocks further ones until IRETQ, which unblocks even where it faults") {
  World world;
  world.set_code(0, {0x48, 0xcf});
  SystemMachine machine(world);
  CHECK(machine.cpu.raise_event({2, EventType::nmi, false, 0, 0}) == Raised::delivered);
  CHECK(machine.cpu.system.blocking_by_nmi);
  world.put(world.state.gpr[rsp] + 8, sel::beyond);
  world.state.blocking_by_nmi = true;
  SystemMachine returning(world);
  CHECK(returning.run() == faults(13, sel::beyond));
  CHECK_FALSE(returning.cpu.system.blocking_by_nmi);
}

TEST_CASE("an interrupt wakes a halted processor and ends shadows") {
  World world;
  world.set_code(0, {0x90});
  world.state.activity = Activity::halted;
  world.state.blocking_by_sti = true;
  SystemMachine machine(world);
  CHECK(machine.cpu.raise_event(interrupt(0x20)) == Raised::delivered);
  CHECK(machine.cpu.system.activity == Activity::active);
  CHECK_FALSE(machine.cpu.system.blocking_by_sti);
}

TEST_CASE("single-step: one #DB behind each instruction, DR6.BS, none behind MOV SS") {
  World world;
  world.set_code(0, {0x90, 0x8e, 0xd0, 0x90});
  world.state.gpr[rax] = sel::data0;
  world.state.rflags |= flag::tf;
  SystemMachine first(world);
  CHECK(first.run() == faults(1));
  CHECK(first.after().get(first.cpu.gpr(rsp)) == world.state.rip + 1);
  CHECK(has_bit(first.cpu.system.dr[6], 14));
  world.state.rip += 1;
  SystemMachine shadowed(world);
  CHECK(shadowed.run() == faults(1));
  CHECK(shadowed.after().get(shadowed.cpu.gpr(rsp)) == world.state.rip + 3);
}

TEST_CASE("a single-step trap that exits leaves DR6 alone and tells its cause") {
  World world;
  world.set_code(0, {0x90});
  world.state.rflags |= flag::tf;
  SystemMachine machine(world);
  machine.exception_intercepts = [](const Fault& fault, const Delivery&) { return fault.vector == vector::db; };
  CHECK(machine.run().end == Outcome::End::vm_exit);
  CHECK(machine.exceptions.back().cr2 == bit(14));
  CHECK_FALSE(has_bit(machine.cpu.system.dr[6], 14));
  CHECK(machine.cpu.rip() == world.state.rip + 1);
}

TEST_CASE("general detect reports BD, clears GD and pushes the address of the MOV") {
  World world;
  world.set_code(0, {0x0f, 0x21, 0xc0});
  world.state.dr[7] |= bit(13);
  SystemMachine machine(world);
  CHECK(machine.run() == faults(1));
  CHECK(has_bit(machine.cpu.system.dr[6], 13));
  CHECK_FALSE(has_bit(machine.cpu.system.dr[7], 13));
  CHECK(machine.after().get(machine.cpu.gpr(rsp)) == world.state.rip);
}

TEST_CASE("an exit in the middle of delivery shows what was being delivered and changes no state") {
  World world;
  world.set_code(3, {0x90});
  for (const u64 place : {at::idt + 0x200, at::gdt + sel::code0, at::tss + 4, at::kernel_stack - 24}) {
    SystemMachine machine(world);
    machine.translation_exits = [=](Gva linear, Access) { return linear.page() == Gva(place).page(); };
    CHECK(machine.cpu.raise_event(interrupt(0x20)) == Raised::vm_exit);
    REQUIRE(machine.delivering_at_exit);
    CHECK(machine.delivering_at_exit->vector == 0x20);
    CHECK(machine.delivering_at_exit->type == EventType::external_interrupt);
    CHECK(machine.after().state == world.state);
  }
}

TEST_CASE("a nested exception that exits shows the first event; a double fault shows none") {
  World world;
  world.set_code(0, {0x90});
  world.set_gate(0x20, sel::code0, at::handlers, 14, 0, false);
  SystemMachine serial(world);
  serial.exception_intercepts = [](const Fault& fault, const Delivery&) { return fault.vector == vector::np; };
  CHECK(serial.cpu.raise_event(interrupt(0x20)) == Raised::vm_exit);
  REQUIRE(serial.delivering_at_exit);
  CHECK(serial.delivering_at_exit->vector == 0x20);
  CHECK(serial.exceptions.back().error_code == 0x20 * 8 + 3);
  CHECK(serial.after().state == world.state);

  world.set_gate(11, sel::code0, at::handlers, 14, 0, false);
  SystemMachine twice(world);
  twice.exception_intercepts = [](const Fault& fault, const Delivery&) { return fault.vector == vector::df; };
  CHECK(twice.cpu.raise_event(interrupt(0x20)) == Raised::vm_exit);
  CHECK_FALSE(twice.delivering_at_exit);
}

TEST_CASE("a triple fault asks the pins, and is shutdown where they do not want it") {
  World world;
  world.set_code(0, {0x0f, 0x0b});
  world.state.idtr.limit = 0;
  SystemMachine bare(world);
  CHECK(bare.run() == shuts_down());
  CHECK(bare.cpu.system.activity == Activity::shutdown);
  SystemMachine watched(world);
  watched.exit_on_triple_fault = true;
  CHECK(watched.run().end == Outcome::End::vm_exit);
  CHECK(watched.cpu.system.activity == Activity::active);
}

TEST_CASE("INT n is not asked about, INT3 is; an exit leaves RIP at it") {
  World world;
  world.set_code(0, {0xcd, 0x07});
  SystemMachine software(world);
  software.exception_intercepts = [](const Fault&, const Delivery&) { return true; };
  CHECK(software.run() == faults(7));
  CHECK(software.exceptions.empty());
  world.set_code(0, {0xcc});
  SystemMachine breakpoint(world);
  breakpoint.exception_intercepts = [](const Fault&, const Delivery& delivery) {
    return delivery.type == EventType::software_exception && delivery.instruction_length == 1;
  };
  CHECK(breakpoint.run().end == Outcome::End::vm_exit);
  CHECK(breakpoint.cpu.rip() == world.state.rip);
}

TEST_CASE("the double-fault table, counted through") {
  using cpu::ExceptionClass;
  using cpu::NestedOutcome;
  const u8 contributory[] = {0, 10, 11, 12, 13, 21};
  for (unsigned number = 0; number < 22; ++number) {
    const bool is_contributory =
        std::find(std::begin(contributory), std::end(contributory), number) != std::end(contributory);
    const auto expected = is_contributory                ? ExceptionClass::contributory
                          : number == 14 || number == 20 ? ExceptionClass::page_fault
                          : number == 8                  ? ExceptionClass::double_fault
                                                         : ExceptionClass::benign;
    CHECK(cpu::exception_class(static_cast<u8>(number), EventType::hardware_exception) == expected);
    CHECK(cpu::exception_class(static_cast<u8>(number), EventType::software_interrupt) == ExceptionClass::benign);
  }
  constexpr auto s = NestedOutcome::serial, d = NestedOutcome::double_fault, x = NestedOutcome::shutdown;
  const NestedOutcome rows[4][3] = {{s, s, s}, {s, d, s}, {s, d, d}, {s, x, x}};
  for (unsigned first = 0; first < 4; ++first)
    for (unsigned second = 0; second < 3; ++second)
      CHECK(cpu::nested_exception(static_cast<ExceptionClass>(first), static_cast<ExceptionClass>(second)) ==
            rows[first][second]);
}

}  // namespace trapline::test
