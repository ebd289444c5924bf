// Assembly helpers of user programs (spin.S).
#pragma once
#include "../types.h"

extern "C" {
u64 spin_while(u64 address, u64 value, u64 flags, u64 seed);
u64 probe_read(u64 address);
u64 probe_write(u64 address);
u64 probe_execute(u64 address);
u64 probe_interrupts_off();
u64 probe_halt();
u64 probe_port();
u64 probe_control();
u64 probe_undefined();
u64 probe_divide();
}
