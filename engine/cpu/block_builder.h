// Bytes to block: decode until something ends it, describe every instruction as an operation, bind it to its handler.
#pragma once

#include <memory>
#include <span>

#include "cpu/block_cache.h"
#include "cpu/handlers.h"

namespace trapline::cpu {

struct BuildOptions {
  unsigned length = 64;                                   // instructions at most
  bool record_instructions = false;                       // put a recording operation before each
  isa::Mnemonic (*executes_as)(isa::Mnemonic) = nullptr;  // see Tuning
  Ports* weights = nullptr;                               // null: every instruction weighs 1
  u64 rip = 0;                                            // of the block's first byte, for the weights
};

struct Built {
  std::unique_ptr<Block> block;  // null: see needs_next_page
  bool needs_next_page = false;  // the first instruction goes on in the next page: give those bytes too
};

// `page_bytes_left` are the bytes from `start` to the end of its page; `next_page`, where not empty, what follows it.
Built build(Hpa start, std::span<const u8> page_bytes_left, std::span<const u8> next_page, const BuildOptions& options);

// An immediate that a 32-bit sign extension does not give.
inline bool needs_wide_immediate(const isa::Operand& operand) {
  return operand.size == 8 && operand.immediate != static_cast<i32>(operand.immediate);
}

// Operands into an operation, by the conventions of op.h.
void describe(Op& op, const isa::Instruction& instruction, unsigned rip_offset);

// Handlers that no mnemonic has (block_operations.cpp).
const Op* fall_through(Cpu& cpu, const Op* op);        // behind a block that its length or page ended
const Op* stop_here(Cpu& cpu, const Op* op);           // behind a copied part of a block: back to the run loop
const Op* killed(Cpu& cpu, const Op* op);              // in place of everything in a killed block
const Op* weightless(Cpu& cpu, const Op* op);          // in front of a block that weighs nothing
const Op* record_instruction(Cpu& cpu, const Op* op);  // before an instruction, at level `instructions`
const Op* undefined(Cpu& cpu, const Op* op);           // #UD
const Op* too_long(Cpu& cpu, const Op* op);            // #GP(0)
const Op* unbound(Cpu& cpu, const Op* op);             // decoded, but no handler: not implemented
const Op* vector_unit(Cpu& cpu, const Op* op);         // #UD or #NM where CR0 says so, else not implemented

}  // namespace trapline::cpu
