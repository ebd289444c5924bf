// Slices that do not overlap, in order: exit to next entry, walk_begin to walk_end, an action from begin to end.
//
// Because they do not overlap, only the last slice that begins in a pixel column can be wider than it. So drawing any
// zoom costs a search per column, however many slices there are.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/integers.h"

namespace trapline::trace {

enum class SliceEnd : u8 {
  closed,  // by the event that ends such a thing
  cut,     // the trace, a damaged part or the next slice came first
  open,    // not yet: the index is still being built
};

struct Slice {
  u64 first = 0;    // the event that begins it
  u32 events = 0;   // from there to its last event, both included
  u32 ticks = 0;    // the same in time; 2^32-1 for that and more
  u32 ordinal = 0;  // of an action
  u16 label = 0;    // index into the labels of the SliceIndex
  SliceEnd end = SliceEnd::closed;

  u64 last() const { return first + events - 1; }
};

class SliceTrack {
 public:
  // What a track holds at most: 10 MB. Slices behind that are not kept, and `full()` says so.
  static constexpr std::size_t most_slices = 400'000;

  bool full() const { return full_; }
  std::span<const Slice> slices() const { return slices_; }
  // Behind the ones before; false where the track is full.
  bool add(const Slice& slice);

  // The first slice that begins at or behind an event.
  std::size_t starting_from(u64 sequence) const;
  // The slice around an event.
  std::optional<std::size_t> around(u64 sequence) const;
  std::size_t bytes() const;

 private:
  std::vector<Slice> slices_;
  bool full_ = false;
};

}  // namespace trapline::trace
