// The code cache: translated kernel code in frames of the monitor's, at a linear range that only virtual-kernel roots
// map, readable and executable there. Real bytes: what the metal runs is what lies here.
//
// Blocks are laid down one after another; when the range is full (or the number of blocks that a test allows), all of
// them go. A block knows who jumps into it directly, so that its ways in can be closed when it dies alone.
#pragma once

#include <map>

#include "metal/deprivileged.h"
#include "technique/full/translator.h"

namespace trapline::technique::full {

class CodeCache : public metal::CodeWeights {
 public:
  static constexpr u64 pages = 64;

  struct Limits {
    unsigned blocks = 1 << 14;
  };

  // Takes its frames. Errors: none left.
  static Result<std::unique_ptr<CodeCache>> make(metal::Deprivileged& door, trace::Bus& bus, unsigned pml4_slot,
                                                 Limits limits);

  u64 pml4_entry() const { return pml4_entry_; }
  bool contains(u64 address) const { return address - base_ < pages * page_bytes; }

  // Where the translation of the guest code at `rip` lies.
  std::optional<u64> find(u64 rip) const;
  // Adds a block whose code lies in the guest page `page`; gives its address. May drop all others first.
  u64 add(const TranslatedBlock& block, Gpa page);
  // Lets the jump that ended in the stub at `stub` go straight to `target` from now on.
  void chain(u64 stub, u64 target);

  // What an address in the cache stands for; null where no instruction begins there.
  const Site* site_at(u64 address) const;
  unsigned weight(Gva rip) const override;

  // Code by guest linear page, and the guest-physical page that it was translated from.
  const std::map<u64, Gpa>& code_pages() const { return pages_; }
  bool has_code_from(Gpa page) const;
  // Blocks with a byte of the guest-physical range.
  void invalidate_bytes(Gpa address, u64 size);
  void invalidate_linear_page(u64 page, trace::InvalidationReason reason);
  void invalidate_all(trace::InvalidationReason reason);

 private:
  struct Block {
    TranslatedBlock translated;  // without its code
    Gpa page;
    std::vector<std::pair<u64, std::size_t>> ways_in;  // (block address, exit) that jump here directly
    std::vector<u64> chained;                          // by exit: the block it leads to, 0 for none
  };

  CodeCache(metal::Deprivileged& door, trace::Bus& bus, Limits limits) : door_(door), bus_(bus), limits_(limits) {}
  bool map_window(unsigned pml4_slot);
  void patch(u64 block, const BlockExit& exit, u64 target);
  void remove(u64 address);
  template <typename Condition>
  void invalidate_if(trace::InvalidationReason reason, Condition&& condition);
  std::map<u64, Block>::const_iterator block_with(u64 address) const;

  metal::Deprivileged& door_;
  trace::Bus& bus_;
  Limits limits_;
  u64 base_ = 0;
  Hpa place_;  // of the first frame
  u64 pml4_entry_ = 0;
  u64 used_ = 0;
  std::map<u64, Block> blocks_;  // by address in the cache
  std::map<u64, u64> by_rip_;    // guest RIP to address
  std::map<u64, Gpa> pages_;     // guest linear page to guest-physical page
};

}  // namespace trapline::technique::full
