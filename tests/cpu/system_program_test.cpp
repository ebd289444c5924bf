// Small programs with the state that they must end in, and what they leave on the bus.
#include <doctest/doctest.h>

#include "cpu/system_cases.h"
#include "cpu/system_machine.h"

namespace trapline::test {

using namespace arch;

namespace {

SystemMachine& halted(SystemMachine& machine, u64 rip) {
  CHECK(machine.cpu.run(~0ULL, machine.cpu.work() + 1000) == cpu::Stop::halted);
  CHECK(machine.cpu.rip() == rip);
  return machine;
}

void append(std::vector<u8>& code, std::initializer_list<u8> bytes) { code.insert(code.end(), bytes); }

}  // namespace

TEST_CASE("CALL through a gate switches stack and level; RET far comes back") {
  World world;
  world.set_code(3, {0xff, 0x1b, 0x90});  // CALL far [rbx]; NOP; UD2
  world.state.gpr[rbx] = at::user_data;
  world.put(at::user_data, 0, 4);
  world.put(at::user_data + 4, sel::gate3 | 3, 2);
  const u64 gate_target = at::kernel_code + 0x800;
  SystemMachine entering(world);
  halted(entering, gate_target + 1);
  const World inside = entering.after();
  CHECK(inside.state.cpl() == 0);
  CHECK(inside.state.gpr[rsp] == at::kernel_stack - 32);
  CHECK(inside.get(at::kernel_stack - 8) == sel::data3);
  CHECK(inside.get(at::kernel_stack - 16) == world.state.gpr[rsp]);
  CHECK(inside.get(at::kernel_stack - 24) == sel::code3);
  CHECK(inside.get(at::kernel_stack - 32) == world.state.rip + 2);
  CHECK(inside.state.segments[ss].selector == 0);

  world.put_bytes(gate_target, {0x48, 0xcb});  // RET far
  SystemMachine returning(world);
  CHECK(returning.run() == passes());
  CHECK(returning.after().get(returning.cpu.gpr(rsp) + 24) == world.state.gpr[rsp]);
}

TEST_CASE("a JMP through a gate stays at its level and pushes nothing") {
  World world;
  world.set_code(0, {0xff, 0x2b});
  world.state.gpr[rbx] = at::kernel_data;
  world.put(at::kernel_data + 4, sel::gate0, 2);
  SystemMachine machine(world);
  halted(machine, at::kernel_code + 0x801);
  CHECK(machine.cpu.gpr(rsp) == world.state.gpr[rsp]);
  CHECK(machine.cpu.system.segments[cs].selector == sel::code0);
}

TEST_CASE("SYSCALL and SYSRET go there and back") {
  World world;
  world.set_code(3, {0x0f, 0x05, 0x90});
  world.state.rflags |= flag::if_ | flag::df | flag::cf;
  world.put_bytes(at::kernel_code + 0x400, {0x48, 0x0f, 0x07});
  world.state.lstar = at::kernel_code + 0x400;
  SystemMachine machine(world);
  CHECK(machine.cpu.run(1) == cpu::Stop::limit);
  CHECK(machine.cpu.rip() == world.state.lstar);
  CHECK(machine.cpu.gpr(rcx) == world.state.rip + 2);
  CHECK(machine.cpu.gpr(r11) == world.state.rflags);
  CHECK(machine.cpu.rflags() == (world.state.rflags & ~flag::if_));
  CHECK(machine.cpu.system.segments[cs] == Segment{sel::code0, 0xa09b, 0xffffffff, 0});
  CHECK(machine.cpu.system.segments[ss] == Segment{sel::data0, 0xc093, 0xffffffff, 0});
  CHECK(machine.cpu.run(2) == cpu::Stop::limit);
  CHECK(machine.cpu.rip() == world.state.rip + 2);
  CHECK(machine.cpu.rflags() == world.state.rflags);
  CHECK(machine.cpu.system.segments[cs] == Segment{sel::code3, 0xa0fb, 0xffffffff, 0});
  CHECK(machine.cpu.system.segments[ss] == Segment{sel::data3, 0xc0f3, 0xffffffff, 0});
}

TEST_CASE("STI holds interrupts off for one instruction, where IF was clear") {
  World world;
  world.set_code(0, {0xfb, 0x90, 0x90});
  SystemMachine machine(world);
  machine.cpu.run(1);
  CHECK_FALSE(machine.cpu.interruptible());
  machine.cpu.run(2);
  CHECK(machine.cpu.interruptible());
  world.state.rflags |= flag::if_;
  SystemMachine already(world);
  already.cpu.run(1);
  CHECK(already.cpu.interruptible());
}

TEST_CASE("LTR marks its TSS busy, segment loads mark descriptors accessed") {
  World world;
  world.set_code(0, {0x0f, 0x00, 0xd8, 0x8e, 0xd9});  // LTR AX; MOV DS, CX
  world.state.gpr[rax] = sel::free_tss;
  world.state.gpr[rcx] = sel::fresh_data;
  SystemMachine machine(world);
  CHECK(machine.run() == passes());
  CHECK(machine.after().get(at::gdt + sel::free_tss + 5, 1) == 0x8b);
  CHECK(machine.after().get(at::gdt + sel::fresh_data + 5, 1) == 0xf3);
  CHECK(machine.cpu.system.tr == Segment{sel::free_tss, 0x8b, 0xff, at::tss});
}

TEST_CASE("the processor tells of control registers, MSRs and CPUID that it handles itself") {
  World world;
  std::vector<u8> code;
  append(code, {0x0f, 0x20, 0xe0, 0x0c, 0x80, 0x0f, 0x22, 0xe0});                    // CR4 |= PGE
  append(code, {0xb9, 0x82, 0x00, 0x00, 0xc0, 0x31, 0xd2, 0x0f, 0x30, 0x0f, 0x32});  // WRMSR LSTAR, RDMSR
  append(code, {0x31, 0xc0, 0x0f, 0xa2});                                            // CPUID 0
  world.set_code(0, code);
  SystemMachine machine(world);
  CHECK(machine.run() == passes());
  machine.bus.flush();
  const auto controls = machine.sink.all<trace::CrAccess>();
  REQUIRE(controls.size() == 1);
  CHECK(controls[0].second.cr == 4);
  CHECK(controls[0].second.old_value == cr4::pae);
  CHECK(controls[0].second.value == (cr4::pae | cr4::pge));
  CHECK(machine.written_control == std::vector<u64>{4});
  const auto msrs = machine.sink.all<trace::Msr>();
  REQUIRE(msrs.size() == 2);
  CHECK(msrs[0].second.access == static_cast<u8>(trace::AccessKind::write));
  CHECK(msrs[0].second.index == 0xc0000082);
  CHECK(msrs[1].second.value == msrs[0].second.value);
  const auto leaves = machine.sink.all<trace::Cpuid>();
  REQUIRE(leaves.size() == 1);
  CHECK(leaves[0].second.eax == 7);
  CHECK(leaves[0].first.retired == machine.cpu.retired() - 2);  // itself and HLT come after
}

TEST_CASE("MOV to CR3 with bit 63 keeps translations; invalidations reach the pins") {
  World world;
  world.set_code(0, {0x0f, 0x22, 0xd8, 0x0f, 0x01, 0x3b, 0x66, 0x0f, 0x38, 0x82, 0x0e});
  world.state.cr4 |= cr4::pcide;
  world.state.gpr[rax] = at::tables | bit(63);
  world.state.gpr[rbx] = 0x7123;
  world.state.gpr[rcx] = 1;  // INVPCID RCX, [RSI]: one PCID
  world.state.gpr[rsi] = at::kernel_data;
  world.put(at::kernel_data, 0x123);
  SystemMachine machine(world);
  CHECK(machine.run() == passes());
  CHECK(machine.kept_cr3 == 1);
  CHECK(machine.written_control.empty());
  CHECK(machine.cpu.system.cr3 == at::tables);
  REQUIRE(machine.invalidations.size() == 2);
  CHECK(machine.invalidations[0].second == 0x7123);
  CHECK(machine.invalidations[1] == std::pair<u64, u64>{1, 0x123});
}

TEST_CASE("INS reads the port only where the byte has somewhere to go, and REP stops at the fault") {
  World world;
  world.set_code(0, {0xf3, 0x6c});
  world.state.gpr[rdi] = at::absent_page - 3;
  world.state.gpr[rcx] = 8;
  SystemMachine machine(world);
  CHECK(machine.run() == faults(14, 2));
  CHECK(machine.cpu.gpr(rcx) == 5);
  CHECK(machine.cpu.gpr(rdi) == at::absent_page);
  CHECK(machine.cpu.system.cr2 == at::absent_page);
  CHECK(machine.port_reads() == 3);
}

}  // namespace trapline::test
