#include "explain/surroundings.h"

#include <algorithm>

namespace trapline::explain {

using trace::RecordedEvent;

std::shared_ptr<const trace::Segment> Surroundings::open(std::size_t segment) {
  for (const auto& [index, loaded] : opened_)
    if (index == segment) return loaded;
  if (opened_.size() >= most_blocks) return nullptr;
  auto loaded = source_.load(segment);
  if (loaded && loaded->offsets.empty()) loaded = nullptr;
  opened_.emplace_back(segment, loaded);
  return loaded;
}

std::size_t Surroundings::segment_at(u64 sequence) const {
  const auto all = source_.segments();
  const auto found = std::partition_point(
      all.begin(), all.end(), [&](const trace::SegmentInfo& info) { return info.first + info.events <= sequence; });
  return static_cast<std::size_t>(found - all.begin());
}

bool Surroundings::holds(std::size_t segment, const trace::KindSet& kinds) const {
  const auto& present = source_.segments()[segment].kinds;
  return std::any_of(present.begin(), present.end(), [&](const auto& row) { return kinds[row.kind]; });
}

std::optional<RecordedEvent> Surroundings::at(u64 sequence) {
  const std::size_t index = segment_at(sequence);
  if (index >= source_.segments().size() || source_.segments()[index].first > sequence) return std::nullopt;
  const auto segment = open(index);
  if (!segment || sequence - segment->first >= segment->offsets.size()) return std::nullopt;
  return RecordedEvent(segment, static_cast<std::size_t>(sequence - segment->first));
}

std::optional<RecordedEvent> Surroundings::before(u64 sequence, const trace::KindSet& kinds, const Match& match,
                                                  const Match& stop, u64 most) {
  u64 left = most;
  for (std::size_t i = std::min(segment_at(sequence) + 1, source_.segments().size()); i-- > 0 && left > 0;) {
    if (source_.segments()[i].first >= sequence || !holds(i, kinds)) continue;
    const auto segment = open(i);
    if (!segment) return std::nullopt;
    u64 index = std::min<u64>(segment->offsets.size(), sequence - segment->first);
    RecordedEvent event(segment, 0);
    for (; index > 0 && left > 0; --left) {
      event.move_to(static_cast<std::size_t>(--index));
      if (!kinds[event.kind_number()]) continue;
      if (match(event)) return event;
      if (stop && stop(event)) return std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<RecordedEvent> Surroundings::after(u64 sequence, const trace::KindSet& kinds, const Match& match,
                                                 const Match& stop, u64 most) {
  u64 left = most;
  for (std::size_t i = segment_at(sequence); i < source_.segments().size() && left > 0; ++i) {
    if (!holds(i, kinds)) continue;
    const auto segment = open(i);
    if (!segment) return std::nullopt;
    u64 index = sequence < segment->first ? 0 : sequence - segment->first + 1;
    RecordedEvent event(segment, 0);
    for (; index < segment->offsets.size() && left > 0; ++index, --left) {
      event.move_to(static_cast<std::size_t>(index));
      if (!kinds[event.kind_number()]) continue;
      if (match(event)) return event;
      if (stop && stop(event)) return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace trapline::explain
