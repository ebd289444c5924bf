// The bare processor's speed: a loop of eight instructions with a load and a store, over simple pins, at each level.
#include <cstdio>
#include <ctime>

#include "cpu/flat_machine.h"

namespace {

using namespace trapline;

// mov ecx, count; loop: mov rax,[rsi]; add rax,rdx; mov [rdi],rax; xor r8,rax; lea r9,[r8+r9*2]; and r9,r11; dec rcx;
// jnz loop; hlt stands behind
constexpr u8 loop[] = {0x48, 0x8b, 0x06, 0x48, 0x01, 0xd0, 0x48, 0x89, 0x07, 0x49, 0x31, 0xc0,
                       0x4f, 0x8d, 0x0c, 0x48, 0x4d, 0x21, 0xd9, 0x48, 0xff, 0xc9, 0x75, 0xe8};

// Of this process alone, so that a busy host does not count.
double processor_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double run(trace::Level level, u64 instructions, const cpu::Tuning& tuning) {
  test::FlatMachine machine(level, tuning);
  machine.sink.keep(false);
  machine.program(loop);
  arch::CpuState state = machine.fresh_state();
  state.gpr[arch::rcx] = ~0ULL;
  state.gpr[arch::rsi] = test::FlatMachine::data;
  state.gpr[arch::rdi] = test::FlatMachine::data + 64;
  machine.cpu.set_state(state);
  machine.cpu.run(instructions / 10);
  const double before = processor_seconds();
  machine.cpu.run(instructions / 10 + instructions);
  return static_cast<double>(instructions) / (processor_seconds() - before) / 1e6;
}

}  // namespace

int main() {
  const struct {
    const char* name;
    trace::Level level;
    u64 instructions;
  } rows[] = {{"nothing recorded", trace::Level::exits, 1'000'000'000},
              {"memory", trace::Level::memory, 30'000'000},
              {"instructions", trace::Level::instructions, 30'000'000}};
  for (const auto& row : rows)
    std::printf("%-18s %8.1f million instructions/s\n", row.name, run(row.level, row.instructions, {}));
}
