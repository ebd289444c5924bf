// The parts of the tour, in the order in which main.cpp visits them.
#pragma once
#include "../common/types.h"

namespace tour {

// Data frames (paging::data_frame) by what they hold.
enum Frame : u64 {
  clock_frame,
  first_stack,         // three of them, one per process
  first_data = 4,      // likewise
  original_frame = 8,  // shared read-only until somebody writes to it
  copy_frame,          // and then here
  demand_frame,        // appears when first touched
  kernel_frame,
};

// Programs of the user image, and the user addresses that only this guest uses.
enum Program : u64 { worker, twin };
inline constexpr u64 sparse_user = 0x00005a3cc965d000;  // nothing there until it is touched
inline constexpr u64 shared_page = 0x0000010000190000;  // read-only until written to

void report_cpuid();
void report_sensitive_instructions();
void work_in_memory();
void wait_for_ticks();
void run_processes();

}  // namespace tour
