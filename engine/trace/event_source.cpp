// Finding events by number and kind: the index first, then only the segments that can hold what is asked for.
#include "trace/event_source.h"

#include <algorithm>

namespace trapline::trace {
namespace {

bool holds_any(const SegmentInfo& info, const KindSet& kinds) {
  return std::any_of(info.kinds.begin(), info.kinds.end(), [&](const KindCount& row) { return kinds[row.kind]; });
}

u16 kind_at(const Segment& segment, std::size_t index) {
  u16 kind;  // the first member of RecordHeader
  std::memcpy(&kind, segment.bytes.data() + segment.offsets[index], sizeof kind);
  return kind;
}

}  // namespace

u32 SegmentInfo::count_of(u16 kind) const {
  for (const KindCount& row : kinds)
    if (row.kind == kind) return row.count;
  return 0;
}

Cursor::Cursor(const EventSource& source, const KindSet& kinds, u64 first, u64 end)
    : source_(&source), kinds_(kinds), next_(first), end_(end), segment_(source.segment_reaching(first)) {}

const RecordedEvent* Cursor::next() {
  while (next_ < end_) {
    if (!loaded_ && !open_segment()) return nullptr;
    const Segment& segment = *loaded_;
    std::size_t index = static_cast<std::size_t>(next_ - segment.first);
    const std::size_t stop = static_cast<std::size_t>(std::min<u64>(segment.offsets.size(), end_ - segment.first));
    while (index < stop && !kinds_[kind_at(segment, index)]) ++index;
    next_ = segment.first + index;
    if (index < stop) {
      event_.move_to(index);
      ++next_;
      return &event_;
    }
    loaded_.reset();
    ++segment_;
  }
  return nullptr;
}

bool Cursor::open_segment() {
  const std::span<const SegmentInfo> segments = source_->segments();
  for (; segment_ < segments.size(); ++segment_) {
    const SegmentInfo& info = segments[segment_];
    if (info.first >= end_) return false;
    if (info.events == 0 || !holds_any(info, kinds_)) continue;
    loaded_ = source_->load(segment_);
    if (!loaded_) continue;
    next_ = std::max(next_, info.first);
    event_ = RecordedEvent(loaded_, 0);
    return true;
  }
  return false;
}

u64 EventSource::end() const {
  const std::span<const SegmentInfo> all = segments();
  return all.empty() ? 0 : all.back().first + all.back().events;
}

std::size_t EventSource::segment_reaching(u64 sequence) const {
  const std::span<const SegmentInfo> all = segments();
  const auto found = std::partition_point(
      all.begin(), all.end(), [&](const SegmentInfo& info) { return info.first + info.events <= sequence; });
  return static_cast<std::size_t>(found - all.begin());
}

std::optional<RecordedEvent> EventSource::at(u64 sequence) const {
  const std::size_t index = segment_reaching(sequence);
  if (index == segments().size() || segments()[index].first > sequence) return std::nullopt;
  std::shared_ptr<const Segment> segment = load(index);
  if (!segment) return std::nullopt;
  const std::size_t offset = static_cast<std::size_t>(sequence - segment->first);
  return RecordedEvent(std::move(segment), offset);
}

void EventSource::add_kind(KindSet& set, Kind kind) const {
  if (const EventSchema* const event = schema().find_event(kind)) set.set(event->number);
}

KindSet EventSource::kind_named(std::string_view name) const {
  KindSet set;
  if (const EventSchema* const event = schema().find_event(name)) set.set(event->number);
  return set;
}

u64 EventSource::count() const {
  u64 sum = 0;
  for (const SegmentInfo& info : segments()) sum += info.events;
  return sum;
}

u64 EventSource::count_of(std::string_view kind) const {
  const EventSchema* const event = schema().find_event(kind);
  if (event == nullptr) return 0;
  u64 sum = 0;
  for (const SegmentInfo& info : segments()) sum += info.count_of(event->number);
  return sum;
}

std::vector<u64> EventSource::keyframes() const {
  std::vector<u64> result;
  for (const SegmentInfo& info : segments())
    for (const u32 index : info.keyframes) result.push_back(info.first + index);
  return result;
}

std::optional<u64> EventSource::nth(std::string_view kind, u64 n) const {
  const EventSchema* const event = schema().find_event(kind);
  if (event == nullptr || n == 0) return std::nullopt;
  for (std::size_t i = 0; i < segments().size(); ++i) {
    const u32 count = segments()[i].count_of(event->number);
    if (count < n) {
      n -= count;
      continue;
    }
    const std::shared_ptr<const Segment> segment = load(i);
    if (!segment) return std::nullopt;
    for (std::size_t index = 0; index < segment->offsets.size(); ++index)
      if (kind_at(*segment, index) == event->number && --n == 0) return segment->first + index;
  }
  return std::nullopt;
}

std::optional<u64> EventSource::last_before(const KindSet& kinds, u64 sequence) const {
  const std::span<const SegmentInfo> all = segments();
  for (std::size_t i = std::min(segment_reaching(sequence) + 1, all.size()); i-- > 0;) {
    if (all[i].first >= sequence || !holds_any(all[i], kinds)) continue;
    const std::shared_ptr<const Segment> segment = load(i);
    if (!segment) continue;
    u64 index = std::min<u64>(segment->offsets.size(), sequence - segment->first);
    while (index-- > 0)
      if (kinds[kind_at(*segment, index)]) return segment->first + index;
  }
  return std::nullopt;
}

}  // namespace trapline::trace
