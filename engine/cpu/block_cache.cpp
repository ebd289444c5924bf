// Births and deaths of blocks; the idea is told in the header.
#include "cpu/block_cache.h"

#include <algorithm>

#include "cpu/cpu.h"

namespace trapline::cpu {

BlockCache::BlockCache(memory::HostMemory& memory, Handler when_killed, unsigned capacity)
    : memory_(memory), when_killed_(when_killed), capacity_(std::max(capacity, 1U)) {
  memory_.on_code_write([this](u64 frame, u64 offset, u64 count) { kill(frame, offset, count); });
}

BlockCache::~BlockCache() {
  kill_all();
  memory_.on_code_write({});
}

Block* BlockCache::find(Hpa start) {
  const auto found = blocks_.find(start.value);
  return found == blocks_.end() ? nullptr : found->second.get();
}

bool BlockCache::note(u64 frame, u64 offset, u64 count, Block* block) {
  Frame& entry = frames_[frame];
  entry.blocks.push_back(block);
  for (u64 line = offset / 64; line <= (offset + count - 1) / 64; ++line) entry.touched_lines.set(line);
  return memory_.add_mark(frame, memory::mark::code);
}

bool BlockCache::insert(std::unique_ptr<Block> block) {
  Block* const raw = block.get();
  const u64 here = raw->bytes_in_first_page();
  bool new_mark = note(raw->start.page_number(), raw->start.page_offset(), here, raw);
  if (raw->second_page.known())
    new_mark = note(raw->second_page.page_number(), 0, raw->code.size() - here, raw) || new_mark;
  blocks_[raw->start.value] = std::move(block);
  return new_mark;
}

void BlockCache::forget(u64 frame, Block* block) {
  const auto found = frames_.find(frame);
  if (found == frames_.end()) return;
  std::erase(found->second.blocks, block);
  if (!found->second.blocks.empty()) return;
  frames_.erase(found);
  memory_.clear_mark(frame, memory::mark::code);
}

void BlockCache::kill_one(Block& block) {
  for (Op& op : block.operations) op.handler = when_killed_;
  if (copied_ == &block)
    for (Op& op : *copy_) op.handler = when_killed_;
  forget(block.start.page_number(), &block);
  if (block.second_page.known()) forget(block.second_page.page_number(), &block);
  const auto found = blocks_.find(block.start.value);
  graveyard_.push_back(std::move(found->second));
  blocks_.erase(found);
}

void BlockCache::kill(u64 frame, u64 offset, u64 count) {
  const auto found = frames_.find(frame);
  if (found == frames_.end() || count == 0) return;
  bool touches_code = false;
  for (u64 line = offset / 64; line <= (offset + count - 1) / 64; ++line)
    touches_code |= found->second.touched_lines[line];
  if (!touches_code) return;
  const std::vector<Block*> blocks = found->second.blocks;  // a copy: kill_one takes them out
  for (Block* const block : blocks) {
    const bool starts_here = block->start.page_number() == frame;
    const u64 first = starts_here ? block->start.page_offset() : 0;
    const u64 bytes = starts_here ? block->bytes_in_first_page() : block->code.size() - block->bytes_in_first_page();
    if (offset < first + bytes && first < offset + count) kill_one(*block);
  }
}

void BlockCache::kill_all() {
  while (!blocks_.empty()) kill_one(*blocks_.begin()->second);
}

void BlockCache::bury() {
  for (const auto& block : graveyard_)
    for (JumpEntry* const entry : block->ways_in)
      if (entry->block == block.get()) *entry = JumpEntry{};
  graveyard_.clear();
}

}  // namespace trapline::cpu
