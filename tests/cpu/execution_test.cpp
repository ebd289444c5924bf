// What the run loop promises: exact counts wherever it is stopped, whatever its caches' sizes; exact restarts; and that
// nothing recordable is skipped.
#include <doctest/doctest.h>

#include "cpu/flat_machine.h"

using namespace trapline;
using namespace trapline::test;
using cpu::Stop;

namespace {

// A loop of 20 rounds with a call, stack traffic and a REP MOVSB; 341 instructions up to UD2.
constexpr u8 busy_program[] = {
    0xb9, 0x14, 0x00, 0x00, 0x00,  // mov ecx, 20
    0x51,                          // L: push rcx
    0x48, 0x89, 0x0f,              // mov [rdi], rcx
    0x48, 0x83, 0xc7, 0x08,        // add rdi, 8
    0xe8, 0x07, 0x00, 0x00, 0x00,  // call F
    0x59,                          // pop rcx
    0xff, 0xc9,                    // dec ecx
    0x75, 0xee,                    // jnz L
    0x0f, 0x0b,                    // ud2
    0x48, 0x8d, 0x77, 0xf8,        // F: lea rsi, [rdi-8]
    0x57,                          // push rdi
    0x51,                          // push rcx
    0xb9, 0x03, 0x00, 0x00, 0x00,  // mov ecx, 3
    0xf3, 0xa4,                    // rep movsb
    0x59,                          // pop rcx
    0x5f,                          // pop rdi
    0x48, 0x6b, 0xc0, 0x0d,        // imul rax, rax, 13
    0x48, 0x01, 0xc8,              // add rax, rcx
    0xc3,                          // ret
};
constexpr u64 busy_count = 1 + 20 * 17;

// What busy_program leaves in RAX, computed without a processor.
u64 busy_result() {
  u64 result = 0;
  for (u64 round = 20; round > 0; --round) result = result * 13 + round;
  return result;
}

void start_busy(FlatMachine& machine) {
  machine.program(busy_program);
  arch::CpuState state = FlatMachine::fresh_state();
  state.gpr[arch::rdi] = FlatMachine::data;
  machine.cpu.set_state(state);
}

void check_busy_end(FlatMachine& machine) {
  CHECK(machine.cpu.retired() == busy_count);
  CHECK(machine.cpu.rep_iterations() == 60);
  CHECK(machine.last_fault == arch::fault(arch::vector::ud));
  const arch::CpuState state = machine.cpu.state();
  CHECK(state.gpr[arch::rax] == busy_result());
  CHECK(state.gpr[arch::rcx] == 0);
  CHECK(state.gpr[arch::rdi] == FlatMachine::data + 160);
  CHECK(state.gpr[arch::rsp] == FlatMachine::stack);
  CHECK(state.rip == FlatMachine::code + 23);
  for (u64 i = 0; i < 20; ++i) CHECK(machine.read<u64>(FlatMachine::data + 8 * i) == (20 - i));
}

const cpu::Tuning tunings[] = {
    {},
    {.block_length = 1},
    {.block_length = 2, .jump_cache_bits = 0},
    {.jump_cache_bits = 1, .fast_page_bits = 0},
    {.blocks = 1},
    {.block_length = 3, .jump_cache_bits = 0, .fast_page_bits = 0, .blocks = 2, .rep_slice = 1},
    {.rep_slice = 2},
};

}  // namespace

TEST_CASE("a program ends the same whatever the sizes of the caches") {
  for (const cpu::Tuning& tuning : tunings) {
    FlatMachine machine(trace::Level::exits, tuning);
    start_busy(machine);
    CHECK(machine.cpu.run(cpu::no_limit) == Stop::vm_exit);
    check_busy_end(machine);
  }
}

TEST_CASE("stopping at every count changes nothing") {
  for (const cpu::Tuning& tuning : tunings)
    for (u64 stop_at = 1; stop_at < busy_count; stop_at += tuning.blocks == 1 ? 7 : 1) {
      FlatMachine machine(trace::Level::exits, tuning, 1 << 18);
      start_busy(machine);
      REQUIRE(machine.cpu.run(stop_at) == Stop::limit);
      REQUIRE(machine.cpu.retired() == stop_at);
      CHECK(machine.cpu.run(cpu::no_limit) == Stop::vm_exit);
      CHECK(machine.cpu.state().gpr[arch::rax] == busy_result());
      CHECK(machine.cpu.retired() == busy_count);
    }
}

TEST_CASE("single steps and slices give the same states as one run") {
  for (const u64 slice : {1, 2, 3, 7}) {
    FlatMachine machine;
    start_busy(machine);
    Stop stop = Stop::limit;
    while (stop == Stop::limit) stop = machine.cpu.run(machine.cpu.retired() + slice);
    CHECK(stop == Stop::vm_exit);
    check_busy_end(machine);
  }
}

TEST_CASE("every instruction and every access is recorded, and recording changes nothing") {
  for (const trace::Level level : {trace::Level::memory, trace::Level::instructions}) {
    FlatMachine machine(level);
    start_busy(machine);
    CHECK(machine.cpu.run(cpu::no_limit) == Stop::vm_exit);
    check_busy_end(machine);
    machine.bus.flush();
    // Each round: five stores and loads of the stack pairs, the store of RCX, the return address, six REP accesses.
    const auto accesses = machine.sink.all<trace::MemoryAccess>();
    CHECK(accesses.size() == 20 * (3 * 2 + 2 + 1 + 3 * 2));
    CHECK(accesses[0].second.gva == FlatMachine::stack - 8);
    CHECK(accesses[0].second.value == 20);
    CHECK(accesses[0].second.access == static_cast<u8>(trace::AccessKind::write));
    CHECK(accesses[1].second.gva == FlatMachine::data);
    const auto instructions = machine.sink.all<trace::Instruction>();
    if (level == trace::Level::memory) {
      CHECK(instructions.empty());
      continue;
    }
    REQUIRE(instructions.size() == busy_count + 1);  // UD2 is about to execute, and does not retire
    for (u64 i = 0; i < instructions.size(); ++i) CHECK(instructions[i].first.retired == i);
    CHECK(instructions[0].second.bytes_low == 0x14b9);
    CHECK(instructions[0].second.length == 5);
    CHECK(instructions[0].second.cpl == 3);
    CHECK(instructions[4].second.rip == FlatMachine::code + 13);
    CHECK(instructions.back().second.rip == FlatMachine::code + 23);
  }
}

TEST_CASE("a long instruction is recorded with all its bytes") {
  FlatMachine machine(trace::Level::instructions);
  constexpr u8 program[] = {0x48, 0xb8, 1,    2,    3,    4,    5,    6,    7,    8,  // mov rax, imm64
                            0x67, 0x66, 0x41, 0xc7, 0x84, 0x8c, 0x11, 0x22, 0x33, 0x00, 0x55, 0x66, 0x0f, 0x0b};
  machine.program(program);
  machine.cpu.set_state(FlatMachine::fresh_state());
  machine.cpu.run(2);
  machine.bus.flush();
  const auto instructions = machine.sink.all<trace::Instruction>();
  REQUIRE(instructions.size() == 2);
  CHECK(instructions[0].second.bytes_low == 0x060504030201b848);
  CHECK(instructions[0].second.bytes_high == 0x0807);
  CHECK(instructions[1].second.bytes_low == 0x22118c84c7416667);
  CHECK(instructions[1].second.bytes_high == 0x66550033);
  CHECK(instructions[1].second.length == 12);
}

TEST_CASE("a fault in the middle of REP leaves registers that restart it exactly") {
  for (const unsigned slice : {1U, 3U, 1000U}) {
    FlatMachine machine(trace::Level::exits, {.rep_slice = slice});
    constexpr u8 program[] = {0xf3, 0xa5, 0x0f, 0x0b};  // rep movsd; ud2
    machine.program(program);
    arch::CpuState state = FlatMachine::fresh_state();
    state.gpr[arch::rcx] = 10;
    state.gpr[arch::rsi] = FlatMachine::data;
    state.gpr[arch::rdi] = 0x51000 - 18;  // the fifth store crosses into the hole
    machine.map(0x51, 0);
    machine.cpu.set_state(state);
    CHECK(machine.cpu.run(cpu::no_limit) == Stop::vm_exit);
    CHECK(machine.last_fault == arch::page_fault(arch::pf_error::write | arch::pf_error::user, 0x51000));
    CHECK(machine.cpu.retired() == 0);
    CHECK(machine.cpu.rep_iterations() == 4);
    CHECK(machine.cpu.gpr(arch::rcx) == 6);
    CHECK(machine.cpu.gpr(arch::rsi) == FlatMachine::data + 16);
    CHECK(machine.cpu.gpr(arch::rdi) == 0x51000 - 2);
    CHECK(machine.read<u16>(0x51000 - 2) == 0);  // nothing of the store that faulted
    machine.map(0x51, 0x51);
    CHECK(machine.cpu.run(cpu::no_limit) == Stop::vm_exit);
    CHECK(machine.last_fault.vector == arch::vector::ud);
    CHECK(machine.cpu.retired() == 1);
    CHECK(machine.cpu.rep_iterations() == 10);
    CHECK(machine.cpu.gpr(arch::rcx) == 0);
  }
}

TEST_CASE("a REP instruction is recorded once, however often it gives way") {
  FlatMachine machine(trace::Level::instructions, {.rep_slice = 3});
  constexpr u8 program[] = {0xf3, 0xaa, 0x90, 0x0f, 0x0b};  // rep stosb; nop; ud2
  machine.program(program);
  arch::CpuState state = FlatMachine::fresh_state();
  state.gpr[arch::rcx] = 10;
  state.gpr[arch::rdi] = FlatMachine::data;
  machine.cpu.set_state(state);
  CHECK(machine.cpu.run(cpu::no_limit) == Stop::vm_exit);
  CHECK(machine.cpu.gpr(arch::rdi) == FlatMachine::data + 10);
  machine.bus.flush();
  CHECK(machine.sink.all<trace::Instruction>().size() == 3);
  CHECK(machine.sink.all<trace::MemoryAccess>().size() == 10);
}

TEST_CASE("a REP without end stops at its budget, soon") {
  FlatMachine machine;
  constexpr u8 program[] = {0xf3, 0xac, 0xeb, 0xfc};  // rep lodsb; jmp back
  machine.program(program);
  arch::CpuState state = FlatMachine::fresh_state();
  state.gpr[arch::rcx] = ~0ULL;
  state.gpr[arch::rsi] = FlatMachine::data;
  state.rflags |= arch::flag::df;
  machine.map(0x1f, 0x20);
  machine.cpu.set_state(state);
  CHECK(machine.cpu.run(cpu::no_limit, 5000) == Stop::budget);
  CHECK(machine.cpu.work() >= 5000);
  CHECK(machine.cpu.work() <= 5000 + machine.cpu.tuning().rep_slice);
  CHECK(machine.cpu.state().rip == FlatMachine::code);
}

TEST_CASE("the fast path asks once, and forgets when told") {
  FlatMachine machine;
  constexpr u8 program[] = {0x48, 0x8b, 0x06, 0x48, 0x89, 0x07, 0xff, 0xc9, 0x75, 0xf6, 0x0f, 0x0b};
  machine.program(program);  // L: mov rax,[rsi]; mov [rdi],rax; dec ecx; jnz L; ud2
  machine.write(0x25000, std::array<u8, 2>{0x11, 0x22});
  machine.write(0x26000, std::array<u8, 2>{0x33, 0x44});
  arch::CpuState state = FlatMachine::fresh_state();
  state.gpr[arch::rcx] = 1'000'000;
  state.gpr[arch::rsi] = 0x25000;
  state.gpr[arch::rdi] = 0x27000;
  machine.cpu.set_state(state);
  machine.cpu.run(1000);
  CHECK(machine.translations[0] == 1);
  CHECK(machine.translations[1] == 1);
  CHECK(machine.translations[2] == 1);
  machine.map(0x25, 0x26);
  machine.cpu.invalidate_page(Gva(0x25123));
  machine.cpu.run(2000);
  CHECK(machine.translations[0] == 2);
  CHECK(machine.translations[1] == 1);
  CHECK(machine.read<u16>(0x27000) == 0x4433);
  machine.cpu.invalidate_page(Gva(FlatMachine::code));
  machine.cpu.run(3000);
  CHECK(machine.translations[2] == 2);
  // Generations run out and begin again: every time the new mapping must be seen.
  u64 wrong = 0;
  for (u64 i = 0; i < 40'000; ++i) {
    machine.map(0x25, 0x25 + i % 2);
    machine.cpu.invalidate_all();
    machine.cpu.run(machine.cpu.retired() + 4);
    wrong += machine.read<u16>(0x27000) != (i % 2 ? 0x4433 : 0x2211);
  }
  CHECK(wrong == 0);
  machine.protect(0x27);
  machine.cpu.invalidate_writes();
  CHECK(machine.cpu.run(cpu::no_limit) == Stop::vm_exit);
  CHECK(machine.last_fault.cr2 == 0x27000);
}

TEST_CASE("privileges have their own fast paths") {
  FlatMachine machine;
  constexpr u8 program[] = {0x48, 0x8b, 0x06, 0xeb, 0xfb};  // L: mov rax,[rsi]; jmp L
  machine.program(program);
  for (const unsigned cpl : {3U, 0U}) {
    arch::CpuState state = machine.cpu.state();
    state = FlatMachine::fresh_state(cpl);
    state.gpr[arch::rsi] = FlatMachine::data;
    const u64 before = machine.translations[0];
    machine.cpu.system = state;
    machine.cpu.gpr(arch::rsi) = FlatMachine::data;
    machine.cpu.set_rip(FlatMachine::code);
    machine.cpu.mode_changed();
    machine.cpu.run(machine.cpu.retired() + 100);
    CHECK(machine.translations[0] == before + 1);
  }
}

TEST_CASE("tail calls do not grow the stack") {
  FlatMachine machine;
  start_busy(machine);
  constexpr u8 program[] = {0xff, 0xc9, 0x75, 0xfc, 0x0f, 0x0b};  // L: dec ecx; jnz L; ud2
  machine.program(program);
  machine.cpu.gpr(arch::rcx) = 3'000'000;
  CHECK(machine.cpu.run(cpu::no_limit) == Stop::vm_exit);
  CHECK(machine.cpu.retired() == 6'000'000);
}
