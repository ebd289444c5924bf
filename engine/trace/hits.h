// Which events a filter finds, as one bit for each: counts between any two events, and the next or previous hit,
// without looking at events again. Found in slices, block after block; blocks without a kind that can match are never
// decoded.
#pragma once

#include "trace/event_source.h"
#include "trace/filter.h"

namespace trapline::trace {

class Hits {
 public:
  // The source must outlive it. It belongs to the thread that advances.
  Hits(const EventSource& source, Filter filter);

  // Looks through the next blocks until `decoded` of them had to be decoded; false once all is seen.
  bool advance(std::size_t decoded);
  bool whole() const { return blocks_.size() == source_.segments().size(); }
  // Numbers below this have been looked at.
  u64 built() const;

  // Of what has been looked at:
  u64 count() const { return count_; }
  u64 count_before(u64 sequence) const;
  std::optional<u64> next(u64 from) const;
  std::optional<u64> previous(u64 before) const;

 private:
  struct Block {
    u64 before = 0;          // hits in earlier blocks
    std::vector<u64> bits;   // empty where the block has none
    std::vector<u32> words;  // hits of this block before each word of bits
  };
  std::size_t block_reaching(u64 sequence) const;

  const EventSource& source_;
  Filter filter_;
  std::vector<Block> blocks_;
  u64 count_ = 0;
};

}  // namespace trapline::trace
