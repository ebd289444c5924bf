#include "trace/slice_track.h"

#include <algorithm>

namespace trapline::trace {

bool SliceTrack::longer(std::size_t left, std::size_t right) const {
  const Slice& one = slices_[left];
  const Slice& other = slices_[right];
  if (one.ticks != other.ticks) return one.ticks > other.ticks;
  return one.events != other.events ? one.events > other.events : left < right;
}

void SliceTrack::consider(std::size_t& best, std::size_t candidate) const {
  if (longer(candidate, best)) best = candidate;
}

bool SliceTrack::add(const Slice& slice) {
  if (slices_.size() == most_slices) {
    full_ = true;
    return false;
  }
  const std::size_t index = slices_.size();
  slices_.push_back(slice);
  std::size_t place = index;
  for (std::size_t level = 0; place > 0 || level == 0; ++level) {
    place /= fan;
    if (level == longest_.size()) {
      // A new level's first run begins with everything that is there.
      longest_.emplace_back();
      std::size_t best = 0;
      for (std::size_t i = 1; i <= index; ++i) consider(best, i);
      longest_[level].push_back(static_cast<u32>(best));
      continue;
    }
    if (place == longest_[level].size()) {
      longest_[level].push_back(static_cast<u32>(index));
      continue;
    }
    std::size_t best = longest_[level][place];
    consider(best, index);
    longest_[level][place] = static_cast<u32>(best);
  }
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

std::size_t SliceTrack::longest(std::size_t from, std::size_t to) const {
  std::size_t best = from;
  while (from < to) {
    std::size_t width = 1;
    std::size_t level = 0;
    while (level < longest_.size() && from % (width * fan) == 0 && from + width * fan <= to) {
      width *= fan;
      ++level;
    }
    consider(best, level == 0 ? from : longest_[level - 1][from / width]);
    from += width;
  }
  return best;
}

std::size_t SliceTrack::bytes() const {
  std::size_t sum = slices_.capacity() * sizeof(Slice);
  for (const auto& level : longest_) sum += level.capacity() * sizeof(u32);
  return sum;
}

}  // namespace trapline::trace
