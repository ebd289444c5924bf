// Binary translation of guest kernel code, one basic block at a time: guest bytes in, bytes for the code cache out.
// Pure.
//
//   harmless instructions      copied; RIP-relative operands become absolute ones
//   privileged instructions    copied too: they trap where they stand, and end the block
//   unnoticed sensitive ones   replaced by UD2, a call to the monitor (a callout), and end the block
//   direct branches            jumps whose targets the code cache patches (chaining) once they are translated
//   CALL                       pushes the guest's return address, then jumps
//   RET and indirect branches  callouts: only the monitor knows the target
//
// Of the instructions that stand for one guest instruction the last has weight 1, the others 0, so that a metal that
// counts stops exactly between guest instructions.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "technique/full/sensitive.h"

namespace trapline::technique::full {

enum class SiteKind : u8 {
  instruction,  // a guest instruction as it is, or the first part of one
  callout,      // UD2: the monitor emulates the guest instruction
  after_push,   // the second part of a CALL: the return address is on the stack
  exit,         // a jump or UD2 on the way out of the block; the guest is at `rip`
};

// One instruction of translated code.
struct Site {
  u16 offset = 0;  // in the translated bytes
  SiteKind kind = SiteKind::instruction;
  u8 weight = 0;
  u64 rip = 0;  // the guest instruction that it stands for, or the one to be executed next
};

// A way out of the block by a direct branch.
struct BlockExit {
  u16 displacement = 0;  // where its rel32 stands
  u16 stub = 0;          // the UD2 that it leads to while its target is not translated
  u64 target = 0;
};

struct TranslatedBlock {
  u64 rip = 0;
  u16 guest_bytes = 0;
  u16 instructions = 0, copied = 0, callouts = 0;
  std::vector<u8> code;
  std::vector<Site> sites;  // by offset
  std::vector<BlockExit> exits;
};

inline constexpr unsigned longest_block = 32;  // guest instructions

// `bytes` from `rip` to the end of its page at most. An instruction that does not lie wholly in there, or is none at
// all, becomes a callout.
TranslatedBlock translate(u64 rip, std::span<const u8> bytes);

}  // namespace trapline::technique::full
