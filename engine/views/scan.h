// Looking for one event backwards or forwards: segments without the kinds asked for are not opened.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>

#include "trace/event_source.h"

namespace trapline::views {

struct ScanRange {
  trace::KindSet kinds;
  u64 first = 0, end = ~0ULL;  // sequence numbers
};

namespace scan_detail {

inline bool holds_any(const trace::SegmentInfo& info, const trace::KindSet& kinds) {
  return std::any_of(info.kinds.begin(), info.kinds.end(),
                     [&](const trace::KindCount& row) { return row.kind < kinds.size() && kinds[row.kind]; });
}

}  // namespace scan_detail

// The last event of the range that `matches`, or nothing: also where `stop` (asked before each segment) said so.
template <typename Matches>
std::optional<u64> scan_back(const trace::EventSource& source, const ScanRange& range,
                             const std::function<bool()>& stop, Matches matches) {
  const auto segments = source.segments();
  for (std::size_t i = segments.size(); i-- > 0;) {
    const trace::SegmentInfo& info = segments[i];
    if (info.first >= range.end || info.events == 0) continue;
    if (info.first + info.events <= range.first) return std::nullopt;
    if (!scan_detail::holds_any(info, range.kinds)) continue;
    if (stop && stop()) return std::nullopt;
    const auto segment = source.load(i);
    if (!segment || segment->offsets.empty()) continue;
    trace::RecordedEvent event(segment, 0);
    const u64 end = std::min<u64>(segment->offsets.size(), range.end - segment->first);
    const u64 first = range.first > segment->first ? range.first - segment->first : 0;
    for (u64 index = end; index-- > first;) {
      event.move_to(static_cast<std::size_t>(index));
      if (range.kinds[event.kind_number()] && matches(event)) return event.sequence();
    }
  }
  return std::nullopt;
}

// The first event of the range that `matches`.
template <typename Matches>
std::optional<u64> scan_forward(const trace::EventSource& source, const ScanRange& range,
                                const std::function<bool()>& stop, Matches matches) {
  for (const trace::SegmentInfo& info : source.segments()) {
    if (info.first >= range.end) return std::nullopt;
    if (info.first + info.events <= range.first || !scan_detail::holds_any(info, range.kinds)) continue;
    if (stop && stop()) return std::nullopt;
    auto cursor =
        source.events(range.kinds, std::max(range.first, info.first), std::min(range.end, info.first + info.events));
    while (const trace::RecordedEvent* event = cursor.next())
      if (matches(*event)) return event->sequence();
  }
  return std::nullopt;
}

}  // namespace trapline::views
