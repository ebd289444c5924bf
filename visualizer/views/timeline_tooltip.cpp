// What is told of the thing under the mouse, and of how to move.
#include <algorithm>

#include "visualizer/views/timeline_chart.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

Text track_word(trace::Track track) {
  switch (track) {
    case trace::Track::exits:
      return Text::timeline_track_exits;
    case trace::Track::calls:
      return Text::timeline_track_calls;
    case trace::Track::walks:
      return Text::timeline_track_walks;
    default:
      return Text::timeline_track_actions;
  }
}

std::string place_text(const Frame& frame, u64 first, u64 last) {
  if (first == last) return frame.words.fill(Text::timeline_event, {grouped(first)});
  return frame.words.fill(Text::timeline_event_range, {grouped(first), grouped(last)});
}

// Of several only the first one's is known.
void tell_provenance(const Frame& frame, trace::Provenance of, u64 count) {
  const std::string_view name =
      of == trace::Provenance::observed ? frame.words(Text::timeline_observed) : trace::name_of(of);
  const Colour colour = of == trace::Provenance::observed  ? frame.theme.dim
                        : of == trace::Provenance::derived ? frame.theme.derived
                                                           : frame.theme.modelled;
  text(count > 1 ? frame.words.fill(Text::timeline_first, {name}) : std::string(name), colour);
}

void tell_class(const Frame& frame, trace::LaneClass lane_class) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float size = 9 * frame.scale, y = at.y + (ImGui::GetFontSize() - size) / 2;
  ImGui::GetWindowDrawList()->AddRectFilled({at.x, y}, {at.x + size, y + size}, class_colour(frame, lane_class));
  ImGui::SetCursorScreenPos({at.x + size + 5 * frame.scale, at.y});
  text(frame.words(class_word(lane_class)));
}

void tell_slice(const TimelineChart& chart, std::size_t lane, const SliceRow& row) {
  const Frame& frame = chart.frame;
  bold(frame, slice_text(frame, row));
  dim(frame, frame.words(track_word(row.track)));
  if (!trace::holds_actions(row.track)) tell_class(frame, row.lane_class);
  text(place_text(frame, row.first, row.last));
  const std::string duration = duration_text(frame, lane, row.ticks);
  text(row.count > 1 ? frame.words.fill(Text::timeline_together, {duration}) : duration);
  if (row.end == trace::SliceEnd::cut) text(frame.words(Text::timeline_cut), frame.theme.warning);
  tell_provenance(frame, row.provenance, row.count);
}

void tell_links(const TimelineChart& chart, const LaneRows& rows, u64 sequence) {
  for (const LinkRow& row : rows.links) {
    if (row.link.to != sequence && row.link.from != sequence) continue;
    const Text words = row.link.kind == LinkKind::consequence  ? Text::timeline_link_consequence
                       : row.link.kind == LinkKind::resumption ? Text::timeline_link_resumption
                                                               : Text::timeline_link_walk;
    text(chart.frame.words.fill(words, {grouped(row.link.from), grouped(row.link.to)}), chart.frame.theme.accent);
  }
}

void tell_event(const TimelineChart& chart, const LaneRows& rows, const EventRow& row) {
  const Frame& frame = chart.frame;
  bold(frame, row.kind);
  tell_class(frame, row.lane_class);
  text(frame.words.fill(Text::timeline_event, {grouped(row.first)}));
  if (row.count > 1) text(frame.words.fill(Text::timeline_shared, {grouped(row.count)}));
  tell_provenance(frame, row.provenance, row.count);
  tell_links(chart, rows, row.first);
}

void tell_bar(const TimelineChart& chart, const LaneRows& rows, const TimelineTarget& target) {
  const Frame& frame = chart.frame;
  bold(frame, frame.words.fill(Text::timeline_events, {grouped(target.count)}));
  text(place_text(frame, target.first, target.last));
  bool coarse = false;
  for (auto bar = rows.bars.rbegin(); bar != rows.bars.rend(); ++bar) {
    if (bar->first != target.first) continue;
    tell_class(frame, bar->lane_class);
    coarse = coarse || bar->coarse;
  }
  if (coarse) dim(frame, frame.words(Text::timeline_coarse));
}

template <typename Row>
const Row* row_of(const std::vector<Row>& rows, u64 first, int column) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
    return row.first == first && row.left <= column && column < row.right;
  });
  return found == rows.end() ? nullptr : &*found;
}

void key_line(const Frame& frame, std::string_view keys, Text doc) {
  const float x = ImGui::GetCursorPosX();
  mono(frame, keys, frame.theme.accent);
  ImGui::SameLine(x + characters(frame, 6));
  text(frame.words(doc));
}

}  // namespace

void show_target(TimelineChart& chart, std::size_t lane, const LaneStrip& strip, int column) {
  const LaneRows& rows = chart.rows(lane);
  if (strip.hits) return;
  const auto target = target_at(chart.picture.rows, lane, strip.track, column);
  if (!target) return;
  ImGui::BeginTooltip();
  if (strip.track) {
    std::vector<SliceRow> track;
    std::copy_if(rows.slices.begin(), rows.slices.end(), std::back_inserter(track),
                 [&](const SliceRow& row) { return row.track == *strip.track; });
    if (const SliceRow* const row = row_of(track, target->first, column)) tell_slice(chart, lane, *row);
  } else if (const EventRow* const row = row_of(rows.events, target->first, column)) {
    tell_event(chart, rows, *row);
  } else {
    tell_bar(chart, rows, *target);
  }
  dim(chart.frame, chart.frame.words(Text::timeline_press));
  ImGui::EndTooltip();
}

void show_help(const Frame& frame) {
  ImGui::BeginTooltip();
  bold(frame, frame.words(Text::timeline_help_title));
  for (const Text line :
       {Text::timeline_help_wheel, Text::timeline_help_drag, Text::timeline_press, Text::timeline_help_map})
    text(frame.words(line));
  key_line(frame, "+ -", Text::timeline_help_zoom);
  key_line(frame, "[ ]", Text::timeline_help_pan);
  key_line(frame, "F", Text::timeline_help_fit);
  key_line(frame, "Z", Text::timeline_help_stop);
  ImGui::EndTooltip();
}

}  // namespace trapline::window
