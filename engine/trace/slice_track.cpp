#include "trace/slice_track.h"

#include <algorithm>

namespace trapline::trace {

bool SliceTrack::add(const Slice& slice) {
  if (slices_.size() == most_slices) {
    full_ = true;
    return false;
  }
  slices_.push_back(slice);
  return true;
}

std::size_t SliceTrack::starting_from(u64 sequence) const {
  const auto found =
      std::partition_point(slices_.begin(), slices_.end(), [&](const Slice& slice) { return slice.first < sequence; });
  return static_cast<std::size_t>(found - slices_.begin());
}

std::optional<std::size_t> SliceTrack::around(u64 sequence) const {
  const std::size_t behind = sequence == ~0ULL ? slices_.size() : starting_from(sequence + 1);
  if (behind == 0 || slices_[behind - 1].last() < sequence) return std::nullopt;
  return behind - 1;
}

std::size_t SliceTrack::bytes() const { return slices_.capacity() * sizeof(Slice); }

}  // namespace trapline::trace
