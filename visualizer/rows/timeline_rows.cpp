// A picture is cut into cells of four pixels; where each begins is asked of the axis once, and bars, slices and hits
// all go by these cells.
#include "visualizer/rows/timeline_rows.h"

#include <algorithm>

#include "visualizer/rows/slice_rows.h"

namespace trapline::window {
namespace {

using trace::Histogram;
using trace::LaneClass;
using trace::Overview;

constexpr unsigned cell_columns = 4;
constexpr std::size_t most_parts = 4;  // of a bar: its three most frequent classes, and the rest

__extension__ using Wide = unsigned __int128;

u64 part(u64 value, u64 by, u64 over) { return static_cast<u64>(Wide{value} * by / over); }

// The first events of `count` cells that share from..to.
Cells cells_of(const Axis& axis, std::size_t lane, u64 from, u64 to, std::size_t count) {
  Cells cells{&axis, lane, {}};
  cells.bounds.reserve(count + 1);
  for (std::size_t i = 0; i <= count; ++i) {
    const u64 bound = axis.reaching(lane, from + part(to - from, i, count));
    cells.bounds.push_back(cells.bounds.empty() ? bound : std::max(bound, cells.bounds.back()));
  }
  return cells;
}

// Of the events of each run of `step` cells.
std::vector<Histogram> histograms_of(const Cells& cells, std::size_t step) {
  const Overview& overview = cells.axis->lane(cells.lane).overview();
  std::vector<Histogram> histograms;
  trace::ClassCounts before = overview.counted_before(cells.bounds[0]);
  for (std::size_t cell = 0; cell < cells.count(); cell += step) {
    const u64 stop = cells.bounds[std::min(cell + step, cells.count())];
    const trace::ClassCounts behind = overview.counted_before(stop);
    Histogram histogram;
    for (std::size_t i = 0; i < behind.size(); ++i) histogram.counts[i] = behind[i] - before[i];
    histogram.coarse = stop > cells.bounds[cell] && stop > overview.built();
    histograms.push_back(histogram);
    before = behind;
  }
  return histograms;
}

// The classes of a bar and their heights, which add up to the bar's.
struct Stack {
  std::array<u8, trace::lane_classes> heights{};
  bool coarse = false;
  friend bool operator==(const Stack&, const Stack&) = default;
};

Stack stack_of(const Histogram& histogram, u64 most) {
  Stack stack;
  stack.coarse = histogram.coarse;
  const u64 sum = histogram.sum();
  if (sum == 0) return stack;
  std::array<std::size_t, trace::lane_classes> order;
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    return histogram.counts[left] > histogram.counts[right];
  });
  trace::ClassCounts counts{};
  for (std::size_t i = 0; i < order.size(); ++i)
    counts[i < most_parts - 1 ? order[i] : static_cast<std::size_t>(LaneClass::other)] += histogram.counts[order[i]];
  const u64 height = std::max<u64>(most_parts, part(sum, bar_height, most));
  u64 given = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    stack.heights[i] = static_cast<u8>(std::max<u64>(1, part(counts[i], height, sum)));
    given += stack.heights[i];
  }
  // What rounding took or gave is the largest part's; it is at least a quarter of the height.
  stack.heights[order[0]] = static_cast<u8>(stack.heights[order[0]] + height - given);
  return stack;
}

void add_parts(std::vector<BarRow>& bars, const Stack& stack, int left, int right, u64 first, u64 end) {
  u8 bottom = 0;
  for (std::size_t i = 0; i < stack.heights.size(); ++i) {
    if (stack.heights[i] == 0) continue;
    const u8 top = static_cast<u8>(bottom + stack.heights[i]);
    bars.push_back({left, right, bottom, top, static_cast<LaneClass>(i), stack.coarse, first, end});
    bottom = top;
  }
}

// Neighbours that look the same are one bar.
std::vector<BarRow> bar_rows(const Cells& cells, const TimelineRows& picture, std::size_t most_bars) {
  const std::size_t step = (cells.count() + most_bars - 1) / most_bars;
  const std::vector<Histogram> histograms = histograms_of(cells, step);
  u64 most = 1;
  for (const Histogram& histogram : histograms) most = std::max(most, histogram.sum());
  const auto column = [&](std::size_t bar) {
    return static_cast<int>(part(picture.columns, std::min(bar * step, cells.count()), cells.count()));
  };
  std::vector<BarRow> bars;
  for (std::size_t bar = 0; bar < histograms.size();) {
    const Stack stack = stack_of(histograms[bar], most);
    std::size_t end = bar + 1;
    while (end < histograms.size() && stack_of(histograms[end], most) == stack) ++end;
    add_parts(bars, stack, column(bar), column(end), cells.bounds[bar * step],
              cells.bounds[std::min(end * step, cells.count())]);
    bar = end;
  }
  return bars;
}

// One row for each event, or for those that share a column.
std::vector<EventRow> event_rows(const Cells& cells, const TimelineRows& picture) {
  const trace::RunIndex& index = cells.axis->lane(cells.lane);
  const Overview& overview = index.overview();
  const u64 one = cells.axis->kind() == AxisKind::events ? 1 : 0;
  std::vector<EventRow> rows;
  for (u64 sequence = cells.bounds.front(); sequence < cells.bounds.back(); ++sequence) {
    const auto what = overview.what(sequence);
    if (!what) continue;
    const u64 position = cells.axis->position(cells.lane, sequence);
    const int left = column_of(picture, position);
    if (!rows.empty() && rows.back().left == left) {
      ++rows.back().count;
      continue;
    }
    const int right = std::max(left + 1, column_of(picture, position + one));
    rows.push_back({left, right, sequence, 1, overview.classes()[what->kind], what->provenance,
                    index.source().schema().events()[what->kind].name});
  }
  return rows;
}

std::vector<HitRow> hit_rows(const Cells& cells, const TimelineRows& picture, const trace::Hits& hits, unsigned most) {
  const std::size_t step = std::max<std::size_t>(1, (cells.count() + most - 1) / most);
  std::vector<HitRow> rows;
  u64 before = hits.count_before(cells.bounds[0]);
  for (std::size_t cell = 0; cell < cells.count(); cell += step) {
    const u64 stop = cells.bounds[std::min(cell + step, cells.count())];
    const u64 behind = hits.count_before(stop);
    if (behind != before) {
      const u64 first = *hits.next(cells.bounds[cell]);
      const int left = column_of(picture, cells.axis->position(cells.lane, first));
      const int right = static_cast<int>(part(picture.columns, std::min(cell + step, cells.count()), cells.count()));
      rows.push_back({left, behind - before == 1 ? left + 1 : std::max(left + 1, right), first, behind - before});
    }
    before = behind;
  }
  return rows;
}

void add_cursor(const Axis& axis, const TimelineRequest& request, const TimelineRows& picture, LaneRows& rows) {
  const std::size_t lane = request.cursor->lane;
  const auto column = [&](u64 sequence) {
    const u64 position = axis.position(lane, sequence);
    if (position < picture.from) return -1;
    return position >= picture.to ? static_cast<int>(picture.columns) : column_of(picture, position);
  };
  const int cursor = column(request.cursor->sequence);
  if (cursor >= 0 && cursor < static_cast<int>(picture.columns)) rows.cursor = cursor;
  for (std::size_t i = 0; i < std::min(request.links.size(), most_links); ++i) {
    const LinkRow link{column(request.links[i].from), column(request.links[i].to), request.links[i]};
    const bool outside =
        (link.from < 0 && link.to < 0) || std::min(link.from, link.to) >= static_cast<int>(picture.columns);
    if (!outside) rows.links.push_back(link);
  }
}

bool fits_singly(const Cells& cells, unsigned most) {
  const Overview& overview = cells.axis->lane(cells.lane).overview();
  return cells.bounds.back() - cells.bounds.front() <= most && cells.bounds.back() <= overview.built();
}

LaneRows lane_rows(const Axis& axis, std::size_t lane, const TimelineRequest& request, const TimelineRows& picture) {
  LaneRows rows;
  const trace::RunIndex& index = axis.lane(lane);
  if (!axis.places(lane)) rows.trouble = LaneTrouble::not_counted;
  if (axis.kind() != AxisKind::events && !index.overview().moment(~0ULL)) rows.trouble = LaneTrouble::not_read;
  if (rows.trouble != LaneTrouble::none) return rows;
  const std::size_t count = std::max(1U, picture.columns / cell_columns);
  const Cells cells = cells_of(axis, lane, picture.from, picture.to, count);
  rows.first = cells.bounds.front();
  rows.end = cells.bounds.back();
  const u64 known = axis.kind() == AxisKind::events ? index.overview().built() : axis.lane_end(lane);
  rows.known_to = column_of(picture, known);
  if (const u64 lost = index.slices().incomplete_from(); lost < rows.end)
    rows.lost_from = column_of(picture, axis.position(lane, lost));
  if (fits_singly(cells, request.limits.events))
    rows.events = event_rows(cells, picture);
  else
    rows.bars =
        bar_rows(cells, picture, std::max<std::size_t>(1, request.limits.bar_parts / axis.lanes() / most_parts));
  rows.slices = slice_rows(cells, picture, request.limits.slices);
  const trace::Hits* const hits = lane < request.hits.size() ? request.hits[lane] : nullptr;
  if (hits != nullptr) rows.hits = hit_rows(cells, picture, *hits, request.limits.hits);
  if (request.cursor && request.cursor->lane == lane) add_cursor(axis, request, picture, rows);
  return rows;
}

}  // namespace

std::size_t TimelineRows::primitives() const {
  std::size_t sum = 0;
  for (const LaneRows& lane : lanes)
    sum += lane.bars.size() + lane.events.size() + lane.slices.size() + lane.hits.size() + lane.links.size() + 1;
  return sum;
}

TimelineRows timeline_rows(const Axis& axis, const TimelineRequest& request) {
  TimelineRows rows;
  rows.from = request.from;
  rows.to = std::max(request.to, request.from + 1);
  rows.columns = std::max(1U, request.columns);
  for (std::size_t lane = 0; lane < axis.lanes(); ++lane) rows.lanes.push_back(lane_rows(axis, lane, request, rows));
  return rows;
}

std::vector<MinimapRow> minimap_rows(const Axis& axis, unsigned columns, unsigned most) {
  std::vector<MinimapRow> rows;
  if (axis.end() == 0 || axis.lanes() == 0) return rows;
  const std::size_t count = std::max<std::size_t>(1, std::min<std::size_t>(columns, most / axis.lanes()));
  const auto column = [&](std::size_t cell) { return static_cast<int>(part(columns, cell, count)); };
  for (std::size_t lane = 0; lane < axis.lanes(); ++lane) {
    if (!axis.places(lane)) continue;
    const std::vector<Histogram> histograms = histograms_of(cells_of(axis, lane, 0, axis.end(), count), 1);
    for (std::size_t cell = 0; cell < count; ++cell) {
      if (histograms[cell].sum() == 0) continue;
      const MinimapRow row{lane, column(cell), column(cell + 1), histograms[cell].largest(), histograms[cell].coarse};
      MinimapRow* const before = rows.empty() || rows.back().lane != lane ? nullptr : &rows.back();
      if (before && before->right == row.left && before->lane_class == row.lane_class && before->coarse == row.coarse)
        before->right = row.right;
      else
        rows.push_back(row);
    }
  }
  return rows;
}

MinimapWindow minimap_window(const Axis& axis, const TimelineRows& rows) {
  if (axis.end() == 0) return {0, static_cast<int>(rows.columns)};
  const auto column = [&](u64 position) {
    return static_cast<int>(part(std::min(position, axis.end()), rows.columns, axis.end()));
  };
  const int left = column(rows.from);
  return {left, std::max(left + 1, column(rows.to))};
}

int column_of(const TimelineRows& rows, u64 position) {
  if (position <= rows.from) return 0;
  if (position >= rows.to) return static_cast<int>(rows.columns);
  return static_cast<int>(part(position - rows.from, rows.columns, rows.to - rows.from));
}

// The least position of the column: floor(p * columns / span) >= column.
u64 position_of(const TimelineRows& rows, int column) {
  if (column <= 0) return rows.from;
  const Wide span = rows.to - rows.from;
  return rows.from + static_cast<u64>((span * static_cast<unsigned>(column) + rows.columns - 1) / rows.columns);
}

namespace {

template <typename Row>
const Row* row_at(const std::vector<Row>& rows, int column) {
  const auto found = std::find_if(rows.rbegin(), rows.rend(),
                                  [&](const Row& row) { return row.left <= column && column < row.right; });
  return found == rows.rend() ? nullptr : &*found;
}

}  // namespace

std::optional<TimelineTarget> target_at(const TimelineRows& rows, std::size_t lane, std::optional<trace::Track> track,
                                        int column) {
  if (lane >= rows.lanes.size()) return std::nullopt;
  const LaneRows& here = rows.lanes[lane];
  if (track) {
    std::vector<SliceRow> of_track;
    std::copy_if(here.slices.begin(), here.slices.end(), std::back_inserter(of_track),
                 [&](const SliceRow& row) { return row.track == *track; });
    const SliceRow* const slice = row_at(of_track, column);
    if (slice == nullptr) return std::nullopt;
    return TimelineTarget{slice->first, slice->last, slice->count};
  }
  if (const EventRow* const event = row_at(here.events, column))
    return TimelineTarget{event->first, event->first + event->count - 1, event->count};
  const BarRow* const bar = row_at(here.bars, column);
  if (bar == nullptr || bar->first == bar->end) return std::nullopt;
  return TimelineTarget{bar->first, bar->end - 1, bar->end - bar->first};
}

}  // namespace trapline::window
