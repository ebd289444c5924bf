// From a linear address to its block: jump cache, then translation, then the block cache, then the builder.
//
// The pins are asked to translate for execution when neither the jump cache nor the fetch table knows the page: once
// for each page entered after a TLB change, not once per instruction. A block that a code write killed is rebuilt from
// the same translation.
#include <algorithm>

#include "cpu/block_builder.h"
#include "cpu/cpu.h"

namespace trapline::cpu {

Cpu::Fetched Cpu::fetch(u64 linear) {
  left_ = Left::pending;
  if (!is_canonical(linear)) {
    set_pending(Verdict::fault, arch::fault(arch::vector::gp, 0));
    return {};
  }
  const u64 page = linear & ~(page_bytes - 1);
  const u64 offset = linear - page;
  FetchPage& known = fetch_table_[(linear >> page_bits) & hot.page_mask];
  if (known.tag == ((page | 1) ^ hot.jump_key)) return {true, known.page + offset, known.bytes + offset};

  synchronize(nullptr);
  Translation translation;
  if (!translate(linear, arch::Access::execute, Privilege::current, translation)) return {};
  if (!translation.host_page) {
    left_ = Left::not_implemented;
    set_pending(Verdict::proceed);
    obstacle_ = "instructions fetched from an address without memory";
    return {};
  }
  if (translation.cacheable)
    fetch_table_[(linear >> page_bits) & hot.page_mask] = {(page | 1) ^ hot.jump_key, translation.hpa.page(),
                                                           translation.host_page};
  return {true, translation.hpa, translation.host_page + offset};
}

const Block* Cpu::find_block(u64 rip) {
  JumpEntry& entry = jump_table_[jump_slot(hot, rip)];
  if (entry.block && is_canonical(rip) && entry.tag == (rip ^ hot.jump_key)) return entry.block;

  const Fetched here = fetch(rip);
  if (!here.ok) return nullptr;
  Block* block = blocks_->find(here.hpa);
  if (block && block->second_page.known()) {
    const Fetched beyond = fetch((rip | (page_bytes - 1)) + 1);
    if (!beyond.ok) return nullptr;
    if (beyond.hpa != block->second_page) {
      blocks_->kill_one(*block);
      block = nullptr;
    }
  }
  if (!block) block = build_block(rip, here);
  if (!block) return nullptr;

  JumpEntry& way = jump_table_[jump_slot(hot, rip)];
  way = {rip ^ hot.jump_key, block->operations.data(), block->room, block};
  if (std::ranges::find(block->ways_in, &way) == block->ways_in.end()) block->ways_in.push_back(&way);
  jump_groups_used_[jump_group(hot, rip >> page_bits)] = true;
  return block;
}

Block* Cpu::build_block(u64 rip, const Fetched& here) {
  if (blocks_->full()) blocks_->kill_all();
  const u64 left = page_bytes - (rip & (page_bytes - 1));
  const std::span bytes(reinterpret_cast<const u8*>(here.bytes), left);
  const BuildOptions options{tuning_.block_length, bus_.records(trace::Level::instructions), tuning_.executes_as,
                             weighs_code_ ? &ports_ : nullptr, rip};
  Built built = build(here.hpa, bytes, {}, options);
  if (built.needs_next_page) {
    const Fetched beyond = fetch(rip + left);
    if (!beyond.ok) return nullptr;
    built =
        build(here.hpa, bytes, std::span(reinterpret_cast<const u8*>(beyond.bytes), isa::longest_instruction), options);
    built.block->second_page = beyond.hpa;
  }
  Block* const block = built.block.get();
  if (blocks_->insert(std::move(built.block))) invalidate_writes();
  return block;
}

}  // namespace trapline::cpu
