// Random kernels: a seed gives a program of at most 2,000 executed instructions, with the tables that it needs.
//
// A kernel is a row of pieces. Each leaves the stack as it found it, and what may fault first says in `resume` where
// its handler shall go on, so that no piece needs to know whether it faults. Jumps go forward but for loops that are
// counted in a register of their own, so every kernel ends: by OUT to the exit port.
#pragma once

#include <string>
#include <vector>

#include "arch/cpu_state.h"
#include "memory/guest_memory.h"

namespace trapline::whole {

inline constexpr u64 random_kernel_memory = 1 << 20;
inline constexpr unsigned random_kernel_instructions = 2000;

struct RandomKernel {
  arch::CpuState start;
  std::vector<u8> low;   // from guest-physical 0: tables, handlers, data
  std::vector<u8> code;  // from guest-physical kernel_place::code
  void put_into(memory::GuestMemory& memory) const;
};

// One in three has a timer, or all have.
enum class Timer : u8 { perhaps, always };
RandomKernel random_kernel(u64 seed, Timer timer = Timer::perhaps);

}  // namespace trapline::whole
