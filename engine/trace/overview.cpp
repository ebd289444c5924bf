#include "trace/overview.h"

#include <algorithm>

namespace trapline::trace {

u64 Histogram::sum() const {
  u64 sum = 0;
  for (const u64 count : counts) sum += count;
  return sum;
}

LaneClass Histogram::largest() const {
  const auto found = std::max_element(counts.begin(), counts.end());
  return *found == 0 ? LaneClass::other : static_cast<LaneClass>(found - counts.begin());
}

Overview::Overview(const EventSource& source)
    : infos_(source.segments()), classes_(classes_of(source.schema())), end_(source.end()) {
  ClassCounts total{};
  info_totals_.reserve(infos_.size() + 1);
  info_totals_.push_back(total);
  for (const SegmentInfo& info : infos_) {
    for (const KindCount& row : info.kinds) total[static_cast<std::size_t>(classes_[row.kind])] += row.count;
    info_totals_.push_back(total);
  }
  blocks_.reserve(infos_.size());
}

void Overview::add(const Segment* segment) {
  IndexedBlock block(infos_[blocks_.size()].first, last_, counted_);
  if (segment != nullptr) {
    block.fill(*segment, classes_);
    counted_ = block.counted(block.events(), classes_);
    counts_retired_ = counts_retired_ || block.counts_retired();
    if (block.events() != 0) last_ = block.last();
  } else {
    ++lost_;
  }
  blocks_.push_back(std::move(block));
}

u64 Overview::built() const { return blocks_.empty() ? 0 : whole() ? end_ : infos_[blocks_.size()].first; }

std::size_t Overview::block_reaching(u64 sequence) const {
  const auto begin = infos_.begin();
  const auto found =
      std::partition_point(begin, begin + static_cast<std::ptrdiff_t>(blocks_.size()),
                           [&](const SegmentInfo& info) { return info.first + info.events <= sequence; });
  return static_cast<std::size_t>(found - begin);
}

ClassCounts Overview::counted_before(u64 sequence) const {
  const std::size_t index = block_reaching(sequence);
  if (index == blocks_.size()) return sequence < built() ? counted_ : coarse_before(sequence);
  const IndexedBlock& block = blocks_[index];
  if (sequence <= block.first()) return block.before();
  return block.counted(std::min<u64>(block.events(), sequence - block.first()), classes_);
}

// What the added blocks hold, then whole blocks, then an even share of the one that `sequence` stands in.
ClassCounts Overview::coarse_before(u64 sequence) const {
  const std::span<const SegmentInfo> rest = infos_.subspan(blocks_.size());
  const auto found = std::partition_point(
      rest.begin(), rest.end(), [&](const SegmentInfo& info) { return info.first + info.events <= sequence; });
  const std::size_t index = blocks_.size() + static_cast<std::size_t>(found - rest.begin());
  ClassCounts result = counted_;
  for (std::size_t i = 0; i < lane_classes; ++i) result[i] += info_totals_[index][i] - info_totals_[blocks_.size()][i];
  if (index == infos_.size() || sequence <= infos_[index].first) return result;
  const u64 into = sequence - infos_[index].first;
  for (std::size_t i = 0; i < lane_classes; ++i)
    result[i] += (info_totals_[index + 1][i] - info_totals_[index][i]) * into / infos_[index].events;
  return result;
}

Histogram Overview::histogram(u64 from, u64 to) const {
  Histogram result;
  if (from >= to) return result;
  const ClassCounts before = counted_before(from);
  const ClassCounts after = counted_before(to);
  for (std::size_t i = 0; i < lane_classes; ++i) result.counts[i] = after[i] - before[i];
  result.coarse = std::min(to, end_) > built();
  return result;
}

std::optional<Moment> Overview::moment(u64 sequence) const {
  std::size_t index = block_reaching(sequence);
  if (index < blocks_.size() && blocks_[index].events() != 0 && blocks_[index].first() <= sequence)
    return blocks_[index].moment(static_cast<u32>(sequence - blocks_[index].first()));
  while (index-- > 0)
    if (blocks_[index].events() != 0) return blocks_[index].last();
  return std::nullopt;
}

std::optional<Overview::What> Overview::what(u64 sequence) const {
  const std::size_t index = block_reaching(sequence);
  if (index == blocks_.size() || blocks_[index].first() > sequence || blocks_[index].events() == 0) return std::nullopt;
  const u32 within = static_cast<u32>(sequence - blocks_[index].first());
  return What{blocks_[index].kind(within), blocks_[index].provenance(within)};
}

u64 Overview::reaching(TimeAxis axis, u64 time) const {
  auto block = std::partition_point(blocks_.begin(), blocks_.end(), [&](const IndexedBlock& candidate) {
    return time_of(candidate.last(), axis) < time;
  });
  while (block != blocks_.end() && block->events() == 0) ++block;
  return block == blocks_.end() ? built() : block->first() + block->reaching(axis, time);
}

Moment Overview::last() const { return last_; }

std::size_t Overview::bytes() const {
  std::size_t sum = 0;
  for (const IndexedBlock& block : blocks_) sum += block.bytes();
  return sum;
}

}  // namespace trapline::trace
