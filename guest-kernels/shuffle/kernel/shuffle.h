// The parts of the shuffle kernel.
#pragma once
#include "../../common/process.h"
#include "../plan_format.h"

namespace shuffle {

using namespace trapline::shuffle;

// The script that runs, and what the kernel remembers about it.
struct Run {
  arch::UserContext context;
  u64 log;           // checksum over its page faults and over the moments of awaited interrupts
  u64 expected_rip;  // an interrupt is due before the instruction there; 0: none is awaited
};

u64 root_of(u64 space);
void make_spaces(u64 plan_frame, u64 plan_bytes);
const Header& plan();
const KernelRow& kernel_row(u64 number);

u64 carry_out(const KernelRow& row, Run& run);  // any row but Act::run
void run_script(const KernelRow& row, u64 ordinal);

void pend(const KernelRow& row);
bool repair(u64 root, u64 linear);
void tell_clock();

inline u64 mix(u64 sum, u64 word) {  // as in user/library.h
  sum ^= word;
  return (sum << 23 | sum >> 41) * 0x9e3779b97f4a7c15;
}

}  // namespace shuffle
