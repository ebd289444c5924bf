#include "trace/hits.h"

#include <algorithm>
#include <bit>

namespace trapline::trace {
namespace {

constexpr u64 bits_below(u64 index) { return (1ULL << (index & 63)) - 1; }

bool can_match(const SegmentInfo& info, const KindSet& kinds) {
  return std::any_of(info.kinds.begin(), info.kinds.end(), [&](const KindCount& row) { return kinds[row.kind]; });
}

}  // namespace

Hits::Hits(const EventSource& source, Filter filter) : source_(source), filter_(std::move(filter)) {}

bool Hits::advance(std::size_t decoded) {
  const std::span<const SegmentInfo> infos = source_.segments();
  while (!whole() && decoded > 0) {
    const SegmentInfo& info = infos[blocks_.size()];
    Block block{count_, {}, {}};
    if (can_match(info, filter_.kinds())) {
      --decoded;
      std::vector<u64> bits((info.events + 63) / 64);
      Cursor cursor = source_.events(filter_.kinds(), info.first, info.first + info.events);
      while (const RecordedEvent* const event = cursor.next()) {
        if (!filter_.matches(*event)) continue;
        const u64 index = event->sequence() - info.first;
        bits[index / 64] |= 1ULL << (index & 63);
        ++count_;
      }
      if (count_ != block.before) {
        u32 sum = 0;
        for (const u64 word : bits) {
          block.words.push_back(sum);
          sum += static_cast<u32>(std::popcount(word));
        }
        block.bits = std::move(bits);
      }
    }
    blocks_.push_back(std::move(block));
  }
  return !whole();
}

u64 Hits::built() const { return whole() ? source_.end() : source_.segments()[blocks_.size()].first; }

std::size_t Hits::block_reaching(u64 sequence) const {
  const std::span<const SegmentInfo> infos = source_.segments().first(blocks_.size());
  const auto found = std::partition_point(
      infos.begin(), infos.end(), [&](const SegmentInfo& info) { return info.first + info.events <= sequence; });
  return static_cast<std::size_t>(found - infos.begin());
}

u64 Hits::count_before(u64 sequence) const {
  const std::size_t index = block_reaching(sequence);
  if (index == blocks_.size()) return count_;
  const Block& block = blocks_[index];
  const u64 first = source_.segments()[index].first;
  if (block.bits.empty() || sequence <= first) return block.before;
  const u64 into = sequence - first;
  return block.before + block.words[into / 64] +
         static_cast<u64>(std::popcount(block.bits[into / 64] & bits_below(into)));
}

std::optional<u64> Hits::next(u64 from) const {
  for (std::size_t i = block_reaching(from); i < blocks_.size(); ++i) {
    const u64 first = source_.segments()[i].first;
    u64 index = from > first ? from - first : 0;
    const std::vector<u64>& bits = blocks_[i].bits;
    for (std::size_t word = index / 64; word < bits.size(); ++word, index = 0) {
      const u64 rest = bits[word] & ~bits_below(index);
      if (rest != 0) return first + word * 64 + static_cast<u64>(std::countr_zero(rest));
    }
  }
  return std::nullopt;
}

std::optional<u64> Hits::previous(u64 before) const {
  for (std::size_t i = std::min(block_reaching(before) + 1, blocks_.size()); i-- > 0;) {
    const SegmentInfo& info = source_.segments()[i];
    const std::vector<u64>& bits = blocks_[i].bits;
    if (bits.empty() || info.first >= before) continue;
    const u64 stop = std::min<u64>(info.events, before - info.first);
    for (std::size_t word = (stop + 63) / 64; word-- > 0;) {
      const u64 kept = word == stop / 64 ? bits[word] & bits_below(stop) : bits[word];
      if (kept != 0) return info.first + word * 64 + 63 - static_cast<u64>(std::countl_zero(kept));
    }
  }
  return std::nullopt;
}

}  // namespace trapline::trace
