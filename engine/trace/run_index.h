// Everything that a picture of a whole run needs, from one pass over its blocks: the overview of every event, and the
// slices. Built in the background, a few blocks at a time:
//
//   RunIndex index(source);                 from the file's index alone: nothing is decoded
//   while (index.advance(4)) draw_again();  whole after the last; what is not there yet is coarser, never wrong
//
// It belongs to the thread that advances it; the source must outlive it and may not grow.
#pragma once

#include "trace/overview.h"
#include "trace/postings.h"
#include "trace/slice_index.h"

namespace trapline::trace {

class RunIndex {
 public:
  explicit RunIndex(const EventSource& source);

  // Decodes the next blocks; false once the index is whole.
  bool advance(std::size_t blocks);
  bool whole() const { return overview_.whole(); }

  const EventSource& source() const { return source_; }
  const Overview& overview() const { return overview_; }
  const SliceIndex& slices() const { return slices_; }
  Postings postings() const { return Postings(source_, overview_); }
  std::size_t bytes() const { return overview_.bytes() + slices_.bytes(); }

 private:
  const EventSource& source_;
  Overview overview_;
  SliceIndex slices_;
};

}  // namespace trapline::trace
