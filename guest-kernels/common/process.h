// Address spaces and user programs, as both guests use them.
#pragma once
#include "arch.h"
#include "paging.h"

namespace process {

inline constexpr u64 user_page = paging::present | paging::user;  // read-only and executable
inline constexpr u64 user_data_page = user_page | paging::writable | paging::no_execute;
inline constexpr u64 user_constant_page = user_page | paging::no_execute;

struct UserPages {
  u64 stack, clock;  // frames
};

u64 new_space(UserPages pages);  // the user image, a stack and the clock page
void prepare(arch::UserContext& context, u64 program, u64 argument);
void switch_to(u64 root);          // marked, where it is a change
void tell_clock(u64 clock_frame);  // after a timer interrupt

u64 system_call(const arch::UserContext& context);    // those that concern the machine alone
bool resume_after_fault(arch::UserContext& context);  // false where the program expects none

}  // namespace process
