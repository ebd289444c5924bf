// Why a run stops: interrupt windows and shadows, HLT, traps, what is not implemented, addresses that are not
// canonical.
#include <doctest/doctest.h>

#include "cpu/flat_machine.h"

using namespace trapline;
using namespace trapline::test;
using cpu::Stop;

namespace {

Stop run(FlatMachine& machine, std::span<const u8> program, const arch::CpuState& state, u64 limit = 1000) {
  machine.program(program);
  machine.cpu.set_state(state);
  return machine.cpu.run(limit);
}

constexpr u64 not_canonical = 0x8000'0000'0000;

}  // namespace

TEST_CASE("the window opens one instruction after STI, and not at all under another shadow") {
  FlatMachine machine;
  constexpr u8 program[] = {0x90, 0xfb, 0x90, 0x90, 0x90};  // nop; sti; nop; nop; nop
  machine.cpu.stop_when_interruptible(true);
  CHECK(run(machine, program, FlatMachine::fresh_state(0)) == Stop::window_open);
  CHECK(machine.cpu.rip() == FlatMachine::code + 3);
  CHECK(machine.cpu.retired() == 3);
  CHECK(machine.cpu.run(1000) == Stop::window_open);
  CHECK(machine.cpu.retired() == 3);
}

TEST_CASE("a limit inside a shadow keeps the shadow") {
  FlatMachine machine;
  constexpr u8 program[] = {0xfb, 0x90, 0x90};
  machine.cpu.stop_when_interruptible(true);
  CHECK(run(machine, program, FlatMachine::fresh_state(0), 1) == Stop::limit);
  CHECK(machine.cpu.state().blocking_by_sti);
  CHECK(machine.cpu.run(100) == Stop::window_open);
  CHECK(machine.cpu.retired() == 2);
}

TEST_CASE("HLT halts, and the window wakes it") {
  FlatMachine machine;
  constexpr u8 program[] = {0xfb, 0xf4};  // sti; hlt
  CHECK(run(machine, program, FlatMachine::fresh_state(0)) == Stop::halted);
  CHECK(machine.cpu.rip() == FlatMachine::code + 2);
  CHECK(machine.cpu.run(1000) == Stop::halted);
  machine.cpu.stop_when_interruptible(true);
  CHECK(machine.cpu.run(1000) == Stop::window_open);
}

TEST_CASE("TF traps after one instruction") {
  FlatMachine machine;
  constexpr u8 program[] = {0x90, 0x90};
  arch::CpuState state = FlatMachine::fresh_state();
  state.rflags |= arch::flag::tf;
  CHECK(run(machine, program, state) == Stop::vm_exit);
  CHECK(machine.last_fault.vector == arch::vector::db);
  CHECK(machine.cpu.retired() == 1);
  CHECK(machine.cpu.rip() == FlatMachine::code + 1);
}

TEST_CASE("what is not implemented is named") {
  FlatMachine machine;
  constexpr u8 program[] = {0x90, 0x0f, 0x28, 0xc1};  // nop; movaps xmm0, xmm1
  CHECK(run(machine, program, FlatMachine::fresh_state()) == Stop::not_implemented);
  CHECK(machine.cpu.obstacle() == "movaps xmm0, xmm1");
  CHECK(machine.cpu.retired() == 1);
  machine.bus.flush();
  const auto events = machine.sink.all<trace::NotImplemented>();
  REQUIRE(events.size() == 1);
  CHECK(events[0].second.rip == FlatMachine::code + 1);
  CHECK(events[0].second.length == 3);
  CHECK(events[0].second.bytes_low == 0xc1280f);
}

TEST_CASE("CR0 decides how a unit that is not there is reported") {
  const struct {
    std::array<u8, 3> code;
    u64 cr0;
    u8 vector;
  } rows[] = {{{0x0f, 0x28, 0xc1}, arch::cr0::em, arch::vector::ud},
              {{0x0f, 0x28, 0xc1}, arch::cr0::ts, arch::vector::nm},
              {{0xdb, 0xe3, 0x90}, arch::cr0::em, arch::vector::nm},
              {{0xdb, 0xe3, 0x90}, arch::cr0::ts, arch::vector::nm}};
  for (const auto& row : rows) {
    FlatMachine machine;
    arch::CpuState state = FlatMachine::fresh_state();
    state.cr0 |= row.cr0;
    CHECK(run(machine, row.code, state) == Stop::vm_exit);
    CHECK(machine.last_fault.vector == row.vector);
  }
}

TEST_CASE("other modes are refused by name") {
  FlatMachine machine;
  arch::CpuState state = FlatMachine::fresh_state();
  state.segments[arch::cs].access_rights &= ~(1U << 13);
  CHECK(run(machine, std::array<u8, 1>{0x90}, state) == Stop::not_implemented);
  CHECK(machine.cpu.obstacle() == "a mode other than 64-bit mode");
}

TEST_CASE("branches to addresses that are not canonical fault as themselves and change nothing") {
  const std::array<u8, 3> programs[] = {
      {0xff, 0xe0, 0x90},  // jmp rax
      {0xff, 0xd0, 0x90},  // call rax
      {0xc3, 0x90, 0x90},  // ret
  };
  for (const auto& program : programs) {
    FlatMachine machine;
    arch::CpuState state = FlatMachine::fresh_state();
    state.gpr[arch::rax] = not_canonical;
    state.gpr[arch::rsp] = FlatMachine::stack;
    machine.memory.write(Hpa(FlatMachine::stack), 8, not_canonical, trace::Writer::monitor);
    CHECK(run(machine, program, state) == Stop::vm_exit);
    CHECK(machine.last_fault == arch::fault(arch::vector::gp, 0));
    CHECK(machine.cpu.rip() == FlatMachine::code);
    CHECK(machine.cpu.gpr(arch::rsp) == FlatMachine::stack);
    CHECK(machine.cpu.retired() == 0);
  }
}

TEST_CASE("stack and data addresses that are not canonical give #SS and #GP") {
  FlatMachine machine;
  arch::CpuState state = FlatMachine::fresh_state();
  state.gpr[arch::rsp] = not_canonical + 8;
  state.gpr[arch::rbx] = not_canonical;
  CHECK(run(machine, std::array<u8, 1>{0x50}, state) == Stop::vm_exit);  // push rax
  CHECK(machine.last_fault == arch::fault(arch::vector::ss, 0));
  CHECK(machine.cpu.gpr(arch::rsp) == not_canonical + 8);
  CHECK(run(machine, std::array<u8, 2>{0xff, 0x33}, state) == Stop::vm_exit);  // push qword [rbx]
  CHECK(machine.last_fault == arch::fault(arch::vector::gp, 0));
}

TEST_CASE("alignment is checked at CPL 3 with AM and AC alone") {
  for (const bool checked : {true, false}) {
    FlatMachine machine;
    arch::CpuState state = FlatMachine::fresh_state();
    state.cr0 |= arch::cr0::am;
    if (checked) state.rflags |= arch::flag::ac;
    state.gpr[arch::rsi] = FlatMachine::data + 8;
    constexpr u8 program[] = {0x8b, 0x06, 0x8b, 0x46, 0x01, 0x90};  // mov eax,[rsi]; mov eax,[rsi+1]; nop
    CHECK(run(machine, program, state, 3) == (checked ? Stop::vm_exit : Stop::limit));
    CHECK(machine.cpu.retired() == (checked ? 1 : 3));
    if (checked) CHECK(machine.last_fault == arch::fault(arch::vector::ac, 0));
  }
}

TEST_CASE("FS and GS add their bases, the others do not") {
  FlatMachine machine;
  arch::CpuState state = FlatMachine::fresh_state();
  state.segments[arch::fs].base = 0x20000;
  state.segments[arch::gs].base = 0x21000;
  state.segments[arch::ds].base = 0x5000;
  machine.memory.write(Hpa(0x20010), 4, 0x1111, trace::Writer::monitor);
  machine.memory.write(Hpa(0x21010), 4, 0x2222, trace::Writer::monitor);
  machine.memory.write(Hpa(0x25010), 4, 0x3333, trace::Writer::monitor);
  state.gpr[arch::rbx] = 0x10;
  state.gpr[arch::rsi] = 0x25010;
  constexpr u8 program[] = {0x64, 0x8b, 0x03, 0x65, 0x8b, 0x0b, 0x8b, 0x16};  // fs:[rbx], gs:[rbx], ds:[rsi]
  CHECK(run(machine, program, state, 3) == Stop::limit);
  CHECK(machine.cpu.gpr(arch::rax) == 0x1111);
  CHECK(machine.cpu.gpr(arch::rcx) == 0x2222);
  CHECK(machine.cpu.gpr(arch::rdx) == 0x3333);
}

TEST_CASE("addresses without a base: absolute ones of 32 and 64 bits, and relative to RIP") {
  FlatMachine machine;
  machine.memory.write(Hpa(0x23456), 4, 0xabcd, trace::Writer::monitor);
  machine.memory.write(Hpa(FlatMachine::code + 0x100), 4, 0x7777, trace::Writer::monitor);
  constexpr u8 program[] = {
      0xa1, 0x56, 0x34, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,  // mov eax, [0x23456], of 64 bits
      0x8b, 0x0c, 0x25, 0x56, 0x34, 0x02, 0x00,              // mov ecx, [0x23456], of 32 bits
      0x8b, 0x15, 0xea, 0x00, 0x00, 0x00,                    // mov edx, [rip+0xea]
      0x48, 0x8d, 0x1d, 0xf9, 0xff, 0xff, 0xff,              // lea rbx, [rip-7]
      0x8b, 0xb3, 0xea, 0x00, 0x00, 0x00,                    // mov esi, [rbx+0xea]
  };
  CHECK(run(machine, program, FlatMachine::fresh_state(), 5) == Stop::limit);
  CHECK(machine.cpu.gpr(arch::rax) == 0xabcd);
  CHECK(machine.cpu.gpr(arch::rcx) == 0xabcd);
  CHECK(machine.cpu.gpr(arch::rdx) == 0x7777);
  CHECK(machine.cpu.gpr(arch::rbx) == FlatMachine::code + 22);
  CHECK(machine.cpu.gpr(arch::rsi) == 0x7777);
}
