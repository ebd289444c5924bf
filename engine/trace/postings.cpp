#include "trace/postings.h"

#include <algorithm>

namespace trapline::trace {
namespace {

u64 held(const SegmentInfo& info, const KindSet& kinds) {
  u64 sum = 0;
  for (const KindCount& row : info.kinds)
    if (kinds[row.kind]) sum += row.count;
  return sum;
}

std::size_t segment_reaching(std::span<const SegmentInfo> infos, u64 sequence) {
  const auto found = std::partition_point(
      infos.begin(), infos.end(), [&](const SegmentInfo& info) { return info.first + info.events <= sequence; });
  return static_cast<std::size_t>(found - infos.begin());
}

}  // namespace

template <typename Use>
bool Postings::each(std::size_t block, const KindSet& kinds, u32 from, u32 to, const Use& use) const {
  if (block < overview_.blocks_added()) {
    const IndexedBlock& indexed = overview_.blocks()[block];
    to = std::min(to, indexed.events());
    for (u32 i = indexed.next(kinds, from); i < to; i = indexed.next(kinds, i + 1))
      if (!use(i)) break;
    return indexed.events() != 0;
  }
  const std::shared_ptr<const Segment> segment = source_.load(block);
  if (!segment) return false;
  to = std::min(to, static_cast<u32>(segment->offsets.size()));
  for (u32 i = from; i < to; ++i) {
    u16 kind;  // the first member of RecordHeader
    std::memcpy(&kind, segment->bytes.data() + segment->offsets[i], sizeof kind);
    if (kinds[kind] && !use(i)) break;
  }
  return true;
}

std::optional<u64> Postings::next(const KindSet& kinds, u64 from) const {
  const std::span<const SegmentInfo> infos = source_.segments();
  for (std::size_t i = segment_reaching(infos, from); i < infos.size(); ++i) {
    if (held(infos[i], kinds) == 0) continue;
    std::optional<u64> found;
    const u32 start = from > infos[i].first ? static_cast<u32>(from - infos[i].first) : 0;
    each(i, kinds, start, infos[i].events, [&](u32 index) {
      found = infos[i].first + index;
      return false;
    });
    if (found) return found;
  }
  return std::nullopt;
}

std::optional<u64> Postings::previous(const KindSet& kinds, u64 before) const {
  const std::span<const SegmentInfo> infos = source_.segments();
  for (std::size_t i = std::min(segment_reaching(infos, before) + 1, infos.size()); i-- > 0;) {
    if (infos[i].first >= before || held(infos[i], kinds) == 0) continue;
    const u32 stop = static_cast<u32>(std::min<u64>(infos[i].events, before - infos[i].first));
    if (i < overview_.blocks_added()) {
      const IndexedBlock& block = overview_.blocks()[i];
      const u32 index = block.previous(kinds, stop);
      if (index < block.events()) return infos[i].first + index;
      continue;
    }
    std::optional<u64> found;
    each(i, kinds, 0, stop, [&](u32 index) {
      found = infos[i].first + index;
      return true;
    });
    if (found) return found;
  }
  return std::nullopt;
}

u64 Postings::count_before(const KindSet& kinds, u64 sequence) const {
  u64 sum = 0;
  const std::span<const SegmentInfo> infos = source_.segments();
  for (std::size_t i = 0; i < infos.size() && infos[i].first < sequence; ++i) {
    const u64 all = held(infos[i], kinds);
    const u64 into = sequence - infos[i].first;
    if (into >= infos[i].events || all == 0) {
      sum += all;
      continue;
    }
    each(i, kinds, 0, static_cast<u32>(into), [&](u32) {
      ++sum;
      return true;
    });
  }
  return sum;
}

u64 Postings::count(const KindSet& kinds) const {
  u64 sum = 0;
  for (const SegmentInfo& info : source_.segments()) sum += held(info, kinds);
  return sum;
}

std::optional<u64> Postings::nth(const KindSet& kinds, u64 n) const {
  if (n == 0) return std::nullopt;
  const std::span<const SegmentInfo> infos = source_.segments();
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const u64 all = held(infos[i], kinds);
    if (all < n) {
      n -= all;
      continue;
    }
    std::optional<u64> found;
    each(i, kinds, 0, infos[i].events, [&](u32 index) {
      if (--n == 0) found = infos[i].first + index;
      return n != 0;
    });
    return found;
  }
  return std::nullopt;
}

}  // namespace trapline::trace
