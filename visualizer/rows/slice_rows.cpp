#include "visualizer/rows/slice_rows.h"

#include <algorithm>
#include <array>

namespace trapline::window {
namespace {

using trace::Slice;
using trace::SliceTrack;
using trace::Track;

// Slices begin..end-1 of a track, told as one row.
struct Item {
  Track track;
  std::size_t begin = 0, end = 0;
};

// For each bound of the cells the first slice that begins at or behind it. Most cells hold few, so the search for the
// next bound begins where the last one ended.
std::vector<std::size_t> starts_of(const Cells& cells, const SliceTrack& track) {
  const std::span<const Slice> slices = track.slices();
  std::vector<std::size_t> starts;
  if (slices.empty()) return starts;
  starts.reserve(cells.bounds.size());
  std::size_t at = track.starting_from(cells.bounds[0]);
  for (const u64 bound : cells.bounds) {
    std::size_t reach = 1;
    while (at + reach < slices.size() && slices[at + reach].first < bound) reach *= 2;
    const auto from = slices.begin() + static_cast<std::ptrdiff_t>(at);
    const auto to = slices.begin() + static_cast<std::ptrdiff_t>(std::min(at + reach + 1, slices.size()));
    const auto found = std::partition_point(from, to, [&](const Slice& slice) { return slice.first < bound; });
    at = static_cast<std::size_t>(found - slices.begin());
    starts.push_back(at);
  }
  return starts;
}

using Starts = std::array<std::vector<std::size_t>, trace::tracks>;

// The slices that begin in each run of `step` cells: the last one by itself where it reaches out of the run, since it
// alone can, and the others together.
void collect(const Cells& cells, Track name, const Starts& starts, std::size_t step, std::vector<Item>& items) {
  const SliceTrack& track = cells.axis->lane(cells.lane).slices().track(name);
  const std::vector<std::size_t>& start = starts[static_cast<std::size_t>(name)];
  if (start.empty()) return;
  const std::span<const Slice> slices = track.slices();
  if (start[0] > 0 && slices[start[0] - 1].last() >= cells.bounds[0]) items.push_back({name, start[0] - 1, start[0]});
  for (std::size_t cell = 0; cell < cells.count(); cell += step) {
    const std::size_t behind = std::min(cell + step, cells.count());
    const std::size_t begin = start[cell];
    const std::size_t end = start[behind];
    if (begin == end) continue;
    const bool reaches_out = end - begin > 1 && slices[end - 1].last() >= cells.bounds[behind];
    items.push_back({name, begin, reaches_out ? end - 1 : end});
    if (reaches_out) items.push_back({name, end - 1, end});
  }
}

std::vector<Item> items_within(const Cells& cells, unsigned most) {
  Starts starts;
  for (std::size_t i = 0; i < trace::tracks; ++i)
    starts[i] = starts_of(cells, cells.axis->lane(cells.lane).slices().track(static_cast<Track>(i)));
  std::vector<Item> items;
  for (std::size_t step = 1;; step *= 2) {
    items.clear();
    for (std::size_t i = 0; i < trace::tracks; ++i) collect(cells, static_cast<Track>(i), starts, step, items);
    if (items.size() <= most || step >= cells.count()) return items;
  }
}

std::string_view noun(Track track) {
  switch (track) {
    case Track::exits:
      return " exits";
    case Track::calls:
      return " calls";
    case Track::walks:
      return " walks";
    default:
      return " actions";
  }
}

// How many slices are looked at for a reason that they share.
constexpr std::size_t most_compared = 64;

SliceRow row_of(const Cells& cells, const TimelineRows& picture, const Item& item) {
  const trace::SliceIndex& index = cells.axis->lane(cells.lane).slices();
  const std::span<const Slice> slices = index.track(item.track).slices().subspan(item.begin, item.end - item.begin);
  const Slice& first = slices.front();
  const Slice& last = slices.back();
  const trace::SliceLabel& label = index.label(first);
  SliceRow row;
  row.track = item.track;
  row.first = first.first;
  row.last = last.last();
  row.count = static_cast<u32>(slices.size());
  row.ordinal = first.ordinal;
  for (const Slice& slice : slices) row.ticks += slice.ticks;
  row.end = last.end;
  if (const auto what = cells.axis->lane(cells.lane).overview().what(first.first)) row.provenance = what->provenance;
  row.lane_class = label.lane_class;
  row.left = column_of(picture, cells.axis->position(cells.lane, first.first));
  const u64 one = cells.axis->kind() == AxisKind::events ? 1 : 0;  // an event's slot belongs to it
  row.right = std::max(row.left + 1, column_of(picture, cells.axis->position(cells.lane, last.last()) + one));
  const bool alike =
      slices.size() <= most_compared &&
      std::all_of(slices.begin(), slices.end(), [&](const Slice& slice) { return slice.label == first.label; });
  if (row.count == 1) {
    row.text = label.text;
  } else {
    row.text = std::to_string(row.count) + std::string(noun(item.track));
    if (alike) row.text += ": " + label.text;
  }
  return row;
}

}  // namespace

std::vector<SliceRow> slice_rows(const Cells& cells, const TimelineRows& picture, unsigned most) {
  std::vector<SliceRow> rows;
  for (const Item& item : items_within(cells, most)) rows.push_back(row_of(cells, picture, item));
  return rows;
}

}  // namespace trapline::window
