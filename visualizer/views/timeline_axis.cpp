// The scale above the lanes, and the whole run in small below them.
#include <algorithm>
#include <cmath>

#include "visualizer/views/timeline_chart.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

std::string_view axis_unit(const Frame& frame, AxisKind kind) {
  std::size_t kvm = 0;
  for (const LaneFacts& lane : frame.document.lanes) kvm += lane.on_kvm() ? 1 : 0;
  switch (kind) {
    case AxisKind::actions:
      return frame.words(Text::timeline_unit_actions);
    case AxisKind::ticks:
      return frame.words(kvm == 0                             ? Text::timeline_unit_cycles
                         : kvm == frame.document.lanes.size() ? Text::timeline_unit_nanoseconds
                                                              : Text::timeline_unit_mixed);
    case AxisKind::retired:
      return frame.words(Text::timeline_unit_retired);
    case AxisKind::events:
      return frame.words(Text::timeline_unit_events);
  }
  return {};
}

std::string duration_text(const Frame& frame, std::size_t lane, u64 ticks) {
  return frame.words.fill(frame.document.lanes[lane].on_kvm() ? Text::timeline_nanoseconds : Text::timeline_cycles,
                          {grouped(ticks)});
}

namespace {

void draw_number(TimelineChart& chart, u64 number) {
  const float x = chart.at.x(column_of(chart.picture.rows, number));
  const float bottom = chart.at.lanes_top;
  chart.list->AddRectFilled({x, bottom - 5}, {x + 1, bottom}, chart.frame.theme.faint);
  draw_label(chart, {x + 4, chart.at.scale_top}, chart.at.right - x - 4, chart.frame.theme.dim, grouped(number));
}

// Where lanes are aligned on actions a number would mean another time in every lane, so the actions are named.
void draw_actions(TimelineChart& chart) {
  float free = chart.at.chart;
  for (const SliceRow& row : chart.rows(chart.frame.document.focus).slices) {
    if (row.track != trace::Track::actions_0) continue;
    const float x = chart.at.x(std::max(0, row.left)), right = chart.at.x(row.right);
    chart.list->AddRectFilled({x, chart.at.lanes_top - 4}, {x + 1, chart.at.lanes_top}, chart.frame.theme.faint);
    const std::string words = slice_text(chart.frame, row);
    const float width = ImGui::CalcTextSize(words.c_str()).x;
    if (x < free || (row.count > 1 && width > right - x)) continue;
    free = x + 12 + draw_label(chart, {x + 3, chart.at.scale_top}, chart.at.right - x, chart.frame.theme.dim, words);
  }
}

void draw_handle(TimelineChart& chart) {
  const auto cursor = chart.picture.lanes[chart.frame.document.focus].cursor;
  if (!cursor) return;
  const float x = chart.at.x(*cursor) + chart.frame.scale, size = 6 * chart.frame.scale, bottom = chart.at.lanes_top;
  chart.list->AddTriangleFilled({x - size, bottom - 1.3F * size}, {x + size, bottom - 1.3F * size}, {x, bottom},
                                chart.frame.theme.accent);
}

}  // namespace

void draw_scale(TimelineChart& chart) {
  const Frame& frame = chart.frame;
  chart.letters = 160;
  draw_label(chart, {chart.at.left + 8 * frame.scale, chart.at.scale_top}, chart.at.chart - chart.at.left - 12,
             frame.theme.dim, axis_unit(frame, chart.picture.ask.axis));
  chart.list->PushClipRect({chart.at.chart - 8, chart.at.scale_top}, {chart.at.right, chart.at.lanes_top}, true);
  draw_handle(chart);
  chart.list->PopClipRect();
  chart.list->PushClipRect({chart.at.chart, chart.at.scale_top}, {chart.at.right, chart.at.lanes_top}, true);
  if (chart.picture.ask.axis == AxisKind::actions) {
    draw_actions(chart);
  } else {
    const float wide = ImGui::CalcTextSize(grouped(chart.picture.range.to).c_str()).x + 24 * frame.scale;
    for (const u64 number : axis_ticks(chart.picture.range, chart.at.columns, static_cast<unsigned>(wide)))
      draw_number(chart, number);
  }
  chart.list->PopClipRect();
}

void draw_map(TimelineChart& chart) {
  const Theme& theme = chart.frame.theme;
  const float scale = chart.frame.scale, top = chart.at.map_top, bottom = top + chart.at.map_height;
  chart.list->AddRectFilled({chart.at.chart, top}, {chart.at.right, bottom}, theme.background);
  const float each = (chart.at.map_height - 2) / static_cast<float>(std::max<std::size_t>(1, chart.at.lanes));
  for (const MinimapRow& row : *chart.picture.map) {
    const float y = top + 1 + each * static_cast<float>(row.lane);
    const Colour colour = class_colour(chart.frame, row.lane_class);
    chart.list->AddRectFilled({chart.at.x(row.left), y}, {chart.at.x(row.right), y + std::max(1.0F, each - 1)},
                              row.coarse ? with_alpha(colour, 110) : colour);
  }
  for (std::size_t lane = 0; lane < chart.picture.map_cursors.size(); ++lane) {
    if (chart.picture.map_cursors[lane] < 0) continue;
    const float x = chart.at.x(chart.picture.map_cursors[lane]), y = top + 1 + each * static_cast<float>(lane);
    const bool focus = lane == chart.frame.document.focus;
    chart.list->AddRectFilled({x - scale, y - 1}, {x + scale, y + each}, focus ? theme.accent : theme.text);
  }
  const float left = chart.at.x(chart.picture.window.left);
  const float right = std::max(left + 4 * scale, chart.at.x(chart.picture.window.right));
  const Colour shade = with_alpha(theme.panel, 150);
  chart.list->AddRectFilled({chart.at.chart, top}, {left, bottom}, shade);
  chart.list->AddRectFilled({right, top}, {chart.at.right, bottom}, shade);
  const float thick = std::max(1.0F, std::floor(1.5F * scale));
  chart.list->AddRectFilled({left, top}, {right, top + thick}, theme.accent);
  chart.list->AddRectFilled({left, bottom - thick}, {right, bottom}, theme.accent);
  chart.list->AddRectFilled({left, top}, {left + 2 * thick, bottom}, theme.accent);
  chart.list->AddRectFilled({right - 2 * thick, top}, {right, bottom}, theme.accent);
}

}  // namespace trapline::window
