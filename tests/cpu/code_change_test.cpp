// Code that changes: self-modification, instructions across pages, and pages that move (SDM vol. 3, "Self-Modifying
// Code").
#include <doctest/doctest.h>

#include "cpu/flat_machine.h"

using namespace trapline;
using namespace trapline::test;
using cpu::Stop;

namespace {

arch::CpuState run(FlatMachine& machine, std::span<const u8> program, arch::CpuState state) {
  machine.program(program);
  machine.cpu.set_state(state);
  CHECK(machine.cpu.run(cpu::no_limit, 100'000) == Stop::vm_exit);
  CHECK(machine.last_fault.vector == arch::vector::ud);
  return machine.cpu.state();
}

const cpu::Tuning tunings[] = {{}, {.block_length = 1}, {.jump_cache_bits = 0}, {.fast_page_bits = 0, .blocks = 1}};

}  // namespace

TEST_CASE("the instruction after a store sees what it wrote") {
  for (const cpu::Tuning& tuning : tunings)
    for (const trace::Level level : {trace::Level::exits, trace::Level::instructions}) {
      FlatMachine machine(level, tuning);
      constexpr u8 program[] = {
          0xc6, 0x05, 0x01, 0x00, 0x00, 0x00, 0x2a,  // mov byte [rip+1], 42
          0xb8, 0x01, 0x00, 0x00, 0x00,              // mov eax, 1
          0x0f, 0x0b,                                // ud2
      };
      const arch::CpuState state = run(machine, program, FlatMachine::fresh_state());
      CHECK(state.gpr[arch::rax] == 42);
      CHECK(machine.cpu.retired() == 2);
    }
}

TEST_CASE("a loop that rewrites its own constant counts up") {
  for (const cpu::Tuning& tuning : tunings) {
    FlatMachine machine(trace::Level::exits, tuning);
    constexpr u8 program[] = {
        0xb9, 0x10, 0x00, 0x00, 0x00,        // mov ecx, 16
        0x83, 0xc0, 0x01,                    // L: add eax, imm8
        0xfe, 0x05, 0xf9, 0xff, 0xff, 0xff,  // inc byte [rip-7] (that imm8)
        0xff, 0xc9,                          // dec ecx
        0x75, 0xf3,                          // jnz L
        0x0f, 0x0b,                          // ud2
    };
    const arch::CpuState state = run(machine, program, FlatMachine::fresh_state());
    CHECK(state.gpr[arch::rax] == 136);  // 1 + 2 + ... + 16
    CHECK(machine.cpu.retired() == 1 + 16 * 4);
  }
}

TEST_CASE("REP STOSB over the instructions that follow it") {
  for (const unsigned slice : {1U, 4U, 1000U}) {
    FlatMachine machine(trace::Level::exits, {.rep_slice = slice});
    constexpr u8 program[] = {
        0xb9, 0x05, 0x00, 0x00, 0x00,              // mov ecx, 5
        0x48, 0x8d, 0x3d, 0x02, 0x00, 0x00, 0x00,  // lea rdi, [rip+2]
        0xf3, 0xaa,                                // rep stosb, of al = NOP
        0xb8, 0x07, 0x00, 0x00, 0x00,              // mov eax, 7: will be five NOPs
        0x0f, 0x0b,                                // ud2
    };
    arch::CpuState state = FlatMachine::fresh_state();
    state.gpr[arch::rax] = 0x90;
    state = run(machine, program, state);
    CHECK(state.gpr[arch::rax] == 0x90);
    CHECK(machine.cpu.retired() == 3 + 5);
  }
}

TEST_CASE("a push and a call onto the running code") {
  FlatMachine machine;
  constexpr u8 program[] = {
      0x50,                                // push rax: eight bytes, from `code` + 1 on
      0xb8, 0x01, 0x00, 0x00, 0x00, 0x90,  // overwritten by mov eax, 7; nop; ud2
      0x90, 0x90, 0x0f, 0x0b,
  };
  arch::CpuState state = FlatMachine::fresh_state();
  state.gpr[arch::rax] = 0x0b0f'90'00000007'b8ULL;
  state.gpr[arch::rsp] = FlatMachine::code + 9;
  state = run(machine, program, state);
  CHECK(state.gpr[arch::rax] == 7);
  CHECK(machine.cpu.retired() == 3);
}

TEST_CASE("a write by a device reaches code that is already decoded") {
  FlatMachine machine;
  constexpr u8 program[] = {0xb8, 0x01, 0x00, 0x00, 0x00, 0xeb, 0xf9};  // L: mov eax, 1; jmp L
  machine.program(program);
  machine.cpu.set_state(FlatMachine::fresh_state());
  machine.cpu.run(10);
  machine.memory.write(Hpa(FlatMachine::code + 1), 1, 9, trace::Writer::device);
  machine.cpu.run(12);
  CHECK(machine.cpu.state().gpr[arch::rax] == 9);
}

TEST_CASE("data beside code in one page is written without killing it, and stays right") {
  FlatMachine machine;
  constexpr u8 program[] = {
      0xb9, 0xe8, 0x03, 0x00, 0x00,              // mov ecx, 1000
      0x48, 0xff, 0x05, 0x00, 0x08, 0x00, 0x00,  // L: inc qword [rip+0x800]
      0xff, 0xc9, 0x75, 0xf5, 0x0f, 0x0b,        // dec ecx; jnz L; ud2
  };
  run(machine, program, FlatMachine::fresh_state());
  CHECK(machine.read<u64>(FlatMachine::code + 12 + 0x800) == 1000);
  CHECK(machine.translations[2] == 1);
}

TEST_CASE("an instruction across two pages comes from both, and follows the second one's mapping") {
  for (const cpu::Tuning& tuning : tunings) {
    FlatMachine machine(trace::Level::exits, tuning);
    constexpr u64 start = 0x41000 - 3;
    const auto place = [&](u64 frame, u8 constant) {
      const u8 rest[] = {constant, 0x00, 0x0f, 0x0b};
      machine.write(frame * page_bytes, rest);
    };
    constexpr u8 first[] = {0xb8, 0x11, 0x22};  // mov eax, ....
    machine.write(0x60000 + 0xffd, first);
    machine.map(0x40, 0x60);
    machine.map(0x41, 0x70);
    place(0x70, 0x33);
    place(0x71, 0x44);
    arch::CpuState state = FlatMachine::fresh_state();
    state.rip = start;
    machine.cpu.set_state(state);
    machine.cpu.run(1);
    CHECK(machine.cpu.gpr(arch::rax) == 0x00332211);
    CHECK(machine.cpu.rip() == start + 5);

    machine.map(0x41, 0x71);
    machine.cpu.invalidate_page(Gva(0x41000));
    machine.cpu.set_rip(start);
    machine.cpu.run(2);
    CHECK(machine.cpu.gpr(arch::rax) == 0x00442211);

    machine.write(0x71000, std::array<u8, 1>{0x55});  // the half that lies in the second page changes
    machine.cpu.set_rip(start);
    machine.cpu.run(3);
    CHECK(machine.cpu.gpr(arch::rax) == 0x00552211);

    machine.map(0x41, 0);
    machine.cpu.invalidate_page(Gva(0x41000));
    machine.cpu.set_rip(start);
    CHECK(machine.cpu.run(4) == Stop::vm_exit);
    CHECK(machine.last_fault == arch::page_fault(arch::pf_error::fetch | arch::pf_error::user, 0x41000));
    CHECK(machine.cpu.rip() == start);
    CHECK(machine.cpu.retired() == 3);
  }
}

TEST_CASE("what ends at the page's last byte does not touch the next page") {
  FlatMachine machine;
  machine.map(0x41, 0);
  constexpr u8 bytes[] = {0x90, 0x0f, 0x0b};  // nop; ud2
  machine.write(0x41000 - 3, bytes);
  arch::CpuState state = FlatMachine::fresh_state();
  state.rip = 0x41000 - 3;
  machine.cpu.set_state(state);
  CHECK(machine.cpu.run(10) == Stop::vm_exit);
  CHECK(machine.last_fault.vector == arch::vector::ud);
  CHECK(machine.cpu.retired() == 1);
}
