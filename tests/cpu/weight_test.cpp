// Instructions that weigh nothing, as in code that a monitor wrote: a limit stops right behind the instruction whose
// weight reaches it. What to expect comes from the same program with every instruction counted.
#include <doctest/doctest.h>

#include "cpu/flat_machine.h"

using namespace trapline;
using namespace trapline::test;
using cpu::Stop;

namespace {

class WeighedMachine : public FlatMachine {
 public:
  explicit WeighedMachine(const cpu::Tuning& tuning, u64 weightless)
      : FlatMachine(trace::Level::exits, tuning), weightless_(weightless) {
    cpu.weigh_code(true);
  }
  // Bit n of `weightless`: the instruction that begins at byte n of the program weighs nothing.
  unsigned weight(u64 rip) override { return !has_bit(weightless_, static_cast<unsigned>(rip - code)); }

 private:
  u64 weightless_;
};

// Two loops, a REP, a call, and branches both ways; it goes round for ever.
constexpr u8 program[] = {
    0xb9, 0x03, 0,    0, 0,  //  0 mov ecx, 3
    0xff, 0xc0,              //  5 inc eax
    0xff, 0xc9,              //  7 dec ecx
    0x75, 0xfa,              //  9 jnz 5
    0xe8, 0x0b, 0,    0, 0,  // 11 call 27
    0xb9, 0x05, 0,    0, 0,  // 16 mov ecx, 5
    0xf3, 0xaa,              // 21 rep stosb
    0xeb, 0xe7,              // 23 jmp 0
    0x90, 0x90,              // 25
    0x83, 0xc3, 0x02,        // 27 add ebx, 2
    0xeb, 0x00,              // 30 jmp 32
    0xc3,                    // 32 ret
};
constexpr unsigned starts[] = {0, 5, 7, 9, 11, 16, 21, 23, 27, 30, 32};

arch::CpuState fresh() {
  arch::CpuState state = FlatMachine::fresh_state();
  state.gpr[arch::rdi] = FlatMachine::data;
  return state;
}

constexpr unsigned steps = 90;

std::vector<arch::CpuState> states_step_by_step() {
  FlatMachine machine;
  machine.program(program);
  machine.cpu.set_state(fresh());
  std::vector<arch::CpuState> states{machine.cpu.state()};
  for (unsigned step = 1; step <= steps; ++step) {
    REQUIRE(machine.cpu.run(step) == Stop::limit);
    states.push_back(machine.cpu.state());
  }
  return states;
}

void check_limits(const std::vector<arch::CpuState>& states, u64 weightless, const cpu::Tuning& tuning) {
  u64 retired = 0;
  WeighedMachine in_slices(tuning, weightless);
  in_slices.program(program);
  in_slices.cpu.set_state(fresh());
  for (unsigned step = 1; step <= steps; ++step) {
    if (has_bit(weightless, static_cast<unsigned>(states[step - 1].rip - FlatMachine::code))) continue;
    ++retired;
    CAPTURE(retired);
    WeighedMachine at_once(tuning, weightless);
    at_once.program(program);
    at_once.cpu.set_state(fresh());
    REQUIRE(at_once.cpu.run(retired) == Stop::limit);
    CHECK(at_once.cpu.retired() == retired);
    REQUIRE(at_once.cpu.state() == states[step]);
    REQUIRE(in_slices.cpu.run(retired) == Stop::limit);
    REQUIRE(in_slices.cpu.state() == states[step]);
  }
  CHECK(retired > 0);
}

}  // namespace

TEST_CASE("a limit stops right behind the instruction whose weight reaches it") {
  const auto states = states_step_by_step();
  u64 random = 1;
  for (unsigned round = 0; round < 24; ++round) {
    u64 weightless = 0;
    for (const unsigned start : starts) {
      random = random * 6364136223846793005 + 1442695040888963407;
      if (random >> 63) weightless |= bit(start);
    }
    weightless &= ~bit(round % 2 ? 5 : 23);  // something counts
    CAPTURE(weightless);
    for (const unsigned length : {1, 2, 64}) {
      cpu::Tuning tuning;
      tuning.block_length = length;
      tuning.rep_slice = round % 3 ? 1024 : 1;
      check_limits(states, weightless, tuning);
    }
  }
}

TEST_CASE("code that weighs nothing does not run beyond the work limit") {
  for (const unsigned slice : {1, 3, 1024}) {
    cpu::Tuning tuning;
    tuning.rep_slice = slice;
    WeighedMachine machine(tuning, ~0ULL);
    machine.program(program);
    machine.cpu.set_state(fresh());
    CHECK(machine.cpu.run(1000, 5000) == Stop::budget);
    CHECK(machine.cpu.retired() == 0);
    CHECK(machine.cpu.work() >= 5000);
    CHECK(machine.cpu.work() < 5000 + 2 * 1024);
    CHECK(machine.cpu.gpr(arch::rax) > 100);  // and it did run
  }
}

TEST_CASE("TF traps behind an instruction that weighs nothing too") {
  WeighedMachine machine({}, bit(0));
  machine.program(program);
  arch::CpuState state = fresh();
  state.rflags |= arch::flag::tf;
  machine.cpu.set_state(state);
  CHECK(machine.cpu.run(1000) == Stop::vm_exit);
  CHECK(machine.last_fault.vector == arch::vector::db);
  CHECK(machine.cpu.rip() == FlatMachine::code + 5);
  CHECK(machine.cpu.retired() == 0);
  CHECK(machine.cpu.run(1000) == Stop::vm_exit);
  CHECK(machine.cpu.rip() == FlatMachine::code + 7);
  CHECK(machine.cpu.retired() == 1);
}
