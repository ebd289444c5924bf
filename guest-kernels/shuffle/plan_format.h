// The table that drives the guest `shuffle`, as it lies in the boot module: a header, kernel rows, script rows, text.
// The kernel reads kernel rows, the user program reads script rows; the generator (plan.cpp) writes both.
#pragma once
#include <cstdint>

namespace trapline::shuffle {

inline constexpr std::uint64_t plan_magic = 0x4e414c5046554853;    // the bytes "SHUFPLAN"
inline constexpr std::uint64_t plan_address = 0x0000010000040000;  // linear, in every address space, read-only
inline constexpr std::uint64_t plan_pages = 64;                    // at most
inline constexpr std::uint64_t frames_base = 0x200000;             // guest-physical address of data frame 0
inline constexpr std::uint64_t first_free_frame = 2;               // the kernel keeps those below
inline constexpr std::uint64_t last_free_frame = 500;
inline constexpr std::uint64_t spaces = 3;
inline constexpr std::uint64_t most_pending = 8;  // faults that await their repair at one time

struct Header {
  std::uint64_t magic;
  std::uint32_t kernel_rows;  // offset of the first, from the header
  std::uint32_t script_rows;  // offset of the first
  std::uint32_t top_rows;     // this many kernel rows are carried out in order; scripts call the ones after them
  std::uint32_t bytes;
};

// What the kernel can be told to do. Each gives a number; the checksum over one call's numbers goes to the script.
enum class Act : std::uint8_t {
  run,           // a script: a script row, x what the fact line calls it
  set_entry,     // space, a linear, b entry, x Flush, c word to fill the frame with first, or 0; 0
  set_large,     // the same for a 2 MiB page, without filling; 0
  read_entry,    // space, a linear of 4 KiB; the entry without its address
  read_large,    // the same for a 2 MiB page
  take_bits,     // space, a linear of 4 KiB, b bits: clears and flushes them; the entry before, without its address
  switch_space,  // space; 0
  pend,          // space, a linear page, b entry that repairs a fault there, c frame to copy from, or 0; 0
  fill_frame,    // a guest-physical page, b word; 0
  poke,          // a guest-physical word, b value; 0
  peek,          // a guest-physical word; its value
  read_block,    // a block, b guest-physical buffer, x 1: by interrupt; 1 on a disk error
  write_block,   // a block, b guest-physical buffer; 1 on a disk error
  arm,           // a ticks, x 1: its interrupt is held back; 0
  window,        // waits until the timer says it is due, then releases its interrupt and opens the gate for a
                 // moment; interrupts taken before that, and in it
  enable,        // waits and releases likewise, then returns to the script, x 0 by SYSRET, 1 by IRET; 0
  halt,          // a ticks; arms, sleeps; interrupts taken
};

enum class Flush : std::uint8_t { none, page, all };

struct KernelRow {
  Act act;
  std::uint8_t space;
  std::uint8_t x;
  std::uint8_t unused[5];
  std::uint64_t a, b, c;
};

// What a script can do. Every result goes into the script's sum, which ends in a fact line.
enum class Step : std::uint8_t {
  end,
  alu,      // operation, mask, flags, a, b, c: user/alu.h
  load,     // a address
  store,    // a address, b value
  add,      // a address, b value: LOCK XADD
  sum,      // a address, b words
  fill,     // a address, b word, c words
  copy,     // a to, b from, c bytes
  act,      // a first kernel row, b how many
  probe,    // a address, operation: Probe
  delay,    // a iterations
  spin,     // a ticks, flags, c seed: waits in user mode for a tick
  await,    // a ticks in all since the run began: waits for them
  poll,     // a ticks, b iterations before the first look: the tick must be there once the timer says it is due
  echo,     // a, b, c: the system call
  say,      // a offset of text, b bytes
  execute,  // a address of a function, b its argument
};

enum class Probe : std::uint8_t { read, write, execute };

struct ScriptRow {
  Step step;
  std::uint8_t unused;
  std::uint16_t operation, mask, flags;
  std::uint64_t a, b, c;
};

static_assert(sizeof(Header) == 24 && sizeof(KernelRow) == 32 && sizeof(ScriptRow) == 32);

}  // namespace trapline::shuffle
