// Decoded blocks by host-physical address, and how they die when their bytes change (SDM vol. 3, "Self-Modifying
// Code").
//
// A killed block may be running: its operations are patched so that the next one to run hands control back to the run
// loop, which then finds fresh code at the same place. The memory goes when nothing runs (bury).
#pragma once

#include <bitset>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "cpu/op.h"
#include "memory/host_memory.h"

namespace trapline::cpu {

struct JumpEntry;

struct Block {
  std::vector<Op> operations;
  std::vector<u8> code;  // the bytes it was decoded from
  Hpa start;
  Hpa second_page = Hpa::unknown();  // where its only instruction crosses into another page
  u32 count = 0;                     // what its operations weigh in all: instructions
  // Instructions that a limit must leave for the whole block to run. One more than the operations before the last
  // one weigh, since nothing runs behind the operation that reaches the limit; so never 0.
  u32 room = 0;
  std::vector<JumpEntry*> ways_in;  // entries of the jump cache that (may) lead here

  u64 bytes_in_first_page() const { return std::min<u64>(code.size(), page_bytes - start.page_offset()); }
};

class BlockCache {
 public:
  // `when_killed` replaces the handler of every operation of a killed block.
  BlockCache(memory::HostMemory& memory, Handler when_killed, unsigned capacity);
  ~BlockCache();

  Block* find(Hpa start);
  // Takes a fresh block in and marks its frames. True where a mark is new: fast paths for writes must forget the frame.
  bool insert(std::unique_ptr<Block> block);
  bool full() const { return blocks_.size() >= capacity_; }

  // Bytes of a frame are about to change. The operations in `also_patch` (a copy of the running block) die with it.
  void kill(u64 frame, u64 offset, u64 count);
  void kill_all();
  void kill_one(Block& block);
  void copied(const Block* block, std::vector<Op>* copy) { copied_ = block, copy_ = copy; }
  void bury();

 private:
  struct Frame {
    std::vector<Block*> blocks;     // those with a byte in this frame
    std::bitset<64> touched_lines;  // of 64 bytes, ever covered since the frame had its first block
  };
  bool note(u64 frame, u64 offset, u64 count, Block* block);
  void forget(u64 frame, Block* block);

  memory::HostMemory& memory_;
  Handler when_killed_;
  unsigned capacity_;
  std::unordered_map<u64, std::unique_ptr<Block>> blocks_;
  std::unordered_map<u64, Frame> frames_;
  std::vector<std::unique_ptr<Block>> graveyard_;
  const Block* copied_ = nullptr;
  std::vector<Op>* copy_ = nullptr;
};

}  // namespace trapline::cpu
