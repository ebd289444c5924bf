#include "visualizer/rows/timeline_range.h"

#include <algorithm>

namespace trapline::window {

namespace {

__extension__ using Wide = __int128;

TimelineRange placed(Wide from, Wide span, u64 end) {
  const Wide all = std::max<u64>(end, 1);
  span = std::clamp<Wide>(span, std::min<Wide>(TimelineRange::least, all), all);
  from = std::clamp<Wide>(from, 0, all - span);
  return {static_cast<u64>(from), static_cast<u64>(from + span)};
}

}  // namespace

TimelineRange TimelineRange::fit(u64 end) { return placed(0, end, end); }

TimelineRange TimelineRange::within(u64 end) const { return placed(from, to > from ? to - from : 0, end); }

TimelineRange TimelineRange::zoomed(Zoom zoom, unsigned steps, u64 around, u64 end) const {
  TimelineRange range = within(end);
  const u64 fixed = std::clamp(around, range.from, range.to);
  for (unsigned i = 0; i < std::min(steps, 200U); ++i) {
    const Wide before = range.span();
    const Wide change = std::max<Wide>(1, before / (zoom == Zoom::in ? 5 : 4));
    const Wide span =
        std::clamp<Wide>(zoom == Zoom::in ? before - change : before + change, least, std::max<Wide>(least, end));
    const Wide share = (Wide{fixed} - range.from) * span / before;
    range = placed(Wide{fixed} - share, span, end);
  }
  return range;
}

TimelineRange TimelineRange::panned(i64 thousandths, u64 end) const {
  return placed(Wide{from} + Wide{span()} * thousandths / 1000, span(), end);
}

TimelineRange TimelineRange::moved_to(u64 start, u64 end) const { return placed(start, span(), end); }

TimelineRange TimelineRange::keep_in_sight(u64 position, u64 end) const {
  return holds(position) ? *this : placed(Wide{position} - Wide{span()} / 2, span(), end);
}

TimelineRange TimelineRange::around(u64 end) const {
  const Wide all = to > from ? to - from : 1, edge = std::max<Wide>(1, all / 10);
  const Wide missing = std::max<Wide>(0, Wide{least} - all - 2 * edge) / 2;
  return placed(Wide{from} - edge - missing, all + 2 * (edge + missing), end);
}

std::vector<u64> axis_ticks(const TimelineRange& range, unsigned columns, unsigned apart) {
  std::vector<u64> ticks;
  if (range.to <= range.from || columns == 0) return ticks;
  const Wide wanted = std::max<Wide>(1, (Wide{range.span()} * std::max(apart, 1U) + columns - 1) / columns);
  Wide step = 1;
  for (unsigned i = 0; step < wanted; ++i) step = i % 3 == 1 ? step / 2 * 5 : step * 2;
  for (Wide at = (range.from + step - 1) / step * step; at < range.to; at += step)
    ticks.push_back(static_cast<u64>(at));
  return ticks;
}

}  // namespace trapline::window
