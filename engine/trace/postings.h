// Where the events of some kinds are: what stepping "to the next exit" asks.
//
// No lists are kept. The file's index counts kinds per block, so blocks without one are passed over, and in an added
// block the kinds lie as a column of bytes, which is searched as fast as memory is read. Only a block that an overview
// has not reached yet is decoded. For ten million events a step to a rare event takes microseconds, which lists would
// not better, and no kind is too frequent.
#pragma once

#include "trace/overview.h"

namespace trapline::trace {

class Postings {
 public:
  // Both must outlive it; the overview may grow meanwhile.
  Postings(const EventSource& source, const Overview& overview) : source_(source), overview_(overview) {}

  // The first event of these kinds numbered `from` or above, and the last below `before`.
  std::optional<u64> next(const KindSet& kinds, u64 from) const;
  std::optional<u64> previous(const KindSet& kinds, u64 before) const;
  // How many are numbered below `sequence`: "exit k of n". A block that cannot be read counts as its index says.
  u64 count_before(const KindSet& kinds, u64 sequence) const;
  u64 count(const KindSet& kinds) const;
  // The n-th, from 1.
  std::optional<u64> nth(const KindSet& kinds, u64 n) const;

 private:
  // Calls use(index) for each event of these kinds of a block, from..to-1 by index, until it returns false; false where
  // the block cannot be read.
  template <typename Use>
  bool each(std::size_t block, const KindSet& kinds, u32 from, u32 to, const Use& use) const;

  const EventSource& source_;
  const Overview& overview_;
};

}  // namespace trapline::trace
