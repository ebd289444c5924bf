// What kernel and user programs agree on: where things lie in every address space, and the system calls.
#pragma once
#include "types.h"

namespace user_space {

inline constexpr u64 code = 0x0000010000000000;  // the image of user programs, read-only
inline constexpr u64 stack = code + 0x100000;    // one page, growing down from its end
inline constexpr u64 stack_top = stack + 0x1000;
inline constexpr u64 data = code + 0x180000;  // one page or more, by program

inline constexpr u64 clock = code + 0x1ff000;  // read-only; its first word counts the timer interrupts taken

inline constexpr u64 table_index(u64 linear) { return linear >> 12 & 511; }  // all of the above share one table

// A program that expects a fault keeps in R15 where to go on; the kernel then puts fault_result in RAX.
inline constexpr u64 fault_result(u64 vector, u64 error) { return vector << 32 | error; }

// RAX: number, RDI, RSI, RDX: arguments; result in RAX; RCX and R11 are lost (SYSCALL).
enum class Call : u64 {
  exit,        // (code)
  write,       // (address, bytes) console text
  read_block,  // (block, address of 512 bytes, 0 polling or 1 by interrupt); 0, or 1 on a disk error
  echo,        // (a, b, c); some arithmetic of the kernel's on them
  yield,       // () lets the other programs run
  timer,       // () 1 where the one-shot has expired, by the timer's own word; else 0
  arm,         // (ticks) starts the one-shot
  act,         // (row, rows) of the guest that is driven by a table
};

// The kernel's arithmetic for Call::echo.
inline constexpr u64 echo(u64 a, u64 b, u64 c) { return (a ^ (b << 17 | b >> 47)) * 0x9e3779b97f4a7c15 + c; }

}  // namespace user_space
