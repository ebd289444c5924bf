// One strip of a lane: slices of a track with their reasons, bars or single events by class, ticks of hits.
#include <algorithm>
#include <cmath>

#include "visualizer/views/timeline_chart.h"
#include "visualizer/widgets/landmark.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

using trace::LaneClass;

Text class_word(LaneClass lane_class) {
  switch (lane_class) {
    case LaneClass::exits:
      return Text::class_exits;
    case LaneClass::walks:
      return Text::class_walks;
    case LaneClass::tlb:
      return Text::class_tlb;
    case LaneClass::tables:
      return Text::class_tables;
    case LaneClass::devices:
      return Text::class_devices;
    case LaneClass::interrupts:
      return Text::class_interrupts;
    case LaneClass::execution:
      return Text::class_execution;
    default:
      return Text::class_other;
  }
}

Colour class_colour(const Frame& frame, LaneClass lane_class) {
  return frame.theme.classes[std::min<std::size_t>(static_cast<std::size_t>(lane_class), class_count - 1)];
}

Colour ink_on(Colour colour_below) {
  const u32 light = channel(colour_below, 0) * 30 + channel(colour_below, 1) * 59 + channel(colour_below, 2) * 11;
  return light > 100 * 100 ? colour(0x0c, 0x10, 0x16) : colour(0xff, 0xff, 0xff);
}

namespace {

Text many(trace::Track track) {
  switch (track) {
    case trace::Track::exits:
      return Text::timeline_many_exits;
    case trace::Track::calls:
      return Text::timeline_many_calls;
    case trace::Track::walks:
      return Text::timeline_many_walks;
    default:
      return Text::timeline_many_actions;
  }
}

}  // namespace

// Of several: how many, and the reason that they share.
std::string slice_text(const Frame& frame, const SliceRow& row) {
  if (row.count > 1) {
    const std::size_t reason = row.text.find(": ");
    return frame.words.fill(many(row.track), {grouped(row.count)}) +
           (reason == std::string::npos ? std::string() : row.text.substr(reason));
  }
  if (!trace::holds_actions(row.track) || row.ordinal == 0) return row.text;
  return frame.words.fill(Text::timeline_action, {row.text, std::to_string(row.ordinal)});
}

float draw_label(TimelineChart& chart, ImVec2 from, float width, Colour colour_of_text, std::string_view words) {
  // Bytes that begin a character.
  const auto length = static_cast<int>(
      std::count_if(words.begin(), words.end(), [](char byte) { return (static_cast<u8>(byte) & 0xc0) != 0x80; }));
  if (chart.veiled || width < 8 || chart.letters < length || words.empty()) return 0;
  const float full = ImGui::CalcTextSize(words.data(), words.data() + words.size()).x;
  chart.letters -= full <= width ? length : static_cast<int>(static_cast<float>(length) * width / full) + 1;
  const ImVec4 clip{from.x, from.y - 2, from.x + width, from.y + ImGui::GetFontSize() + 4};
  chart.list->AddText(ImGui::GetFont(), ImGui::GetFontSize(), {std::floor(from.x), std::floor(from.y)}, colour_of_text,
                      words.data(), words.data() + words.size(), 0, full > width ? &clip : nullptr);
  return std::min(full, width);
}

void draw_count(TimelineChart& chart, ImVec2 from, float width, Colour colour_of_text, std::string_view words) {
  if (ImGui::CalcTextSize(words.data(), words.data() + words.size()).x > width)
    words = words.substr(0, words.find(' '));
  if (ImGui::CalcTextSize(words.data(), words.data() + words.size()).x > width) return;
  draw_label(chart, from, width, colour_of_text, words);
}

namespace {

constexpr float reachable = 14;  // what is narrower is reached by steps, or after coming nearer

void draw_bars(TimelineChart& chart, const LaneRows& rows, const LaneStrip& strip) {
  const float unit = (strip.height - 1) / bar_height, bottom = strip.top + strip.height;
  for (const BarRow& bar : rows.bars) {
    const Colour colour = class_colour(chart.frame, bar.lane_class);
    chart.list->AddRectFilled({chart.at.x(bar.left), bottom - unit * static_cast<float>(bar.top)},
                              {chart.at.x(bar.right), bottom - unit * static_cast<float>(bar.bottom)},
                              bar.coarse ? with_alpha(colour, 110) : colour);
  }
}

// Where many share a column, the mark is taller. The kind stands on the mark or, where time passes until the next
// event, beside it.
void draw_events(TimelineChart& chart, const LaneRows& rows, const LaneStrip& strip) {
  const float bottom = strip.top + strip.height, gap = 1;
  for (std::size_t i = 0; i < rows.events.size(); ++i) {
    const EventRow& event = rows.events[i];
    const float x = chart.at.x(event.left), right = chart.at.x(event.right), width = right - x;
    const float height = (event.count > 1 ? 1.0F : 0.75F) * (strip.height - 1);
    const Colour colour = class_colour(chart.frame, event.lane_class);
    const ImVec2 from{x, std::floor(bottom - height)}, to{width > 4 ? right - gap : std::max(right, x + 2), bottom};
    chart.list->AddRectFilled(from, to, colour);
    if (!chart.veiled && to.x - from.x >= reachable * chart.frame.scale) target(chart.frame, from, to);
    const float next = i + 1 < rows.events.size() ? chart.at.x(rows.events[i + 1].left) : chart.at.right;
    const float room = next - x;
    if (room < 34 * chart.frame.scale || strip.height < ImGui::GetFontSize() * 0.9F) continue;
    const bool inside = width > 20 * chart.frame.scale;
    const float y = std::floor((from.y + to.y - ImGui::GetFontSize()) / 2);
    draw_label(chart, {x + (inside ? 3.0F : 5.0F), y}, room - 8, inside ? ink_on(colour) : chart.frame.theme.dim,
               event.kind);
  }
}

void draw_slice(TimelineChart& chart, const SliceRow& row, const LaneStrip& strip) {
  const Frame& frame = chart.frame;
  const bool action = trace::holds_actions(row.track);
  const float left = chart.at.x(std::max(0, row.left));
  const float right = chart.at.x(std::min(row.right, static_cast<int>(chart.at.columns)));
  const float width = right - left;
  const ImVec2 from{left, strip.top},
      to{width > 4 ? right - 1 : std::max(right, left + 1), strip.top + strip.height - 1};
  const Colour fill =
      action ? (strip.height < 8 ? frame.theme.line : frame.theme.raised) : class_colour(frame, row.lane_class);
  chart.list->AddRectFilled(from, to, row.count > 1 && !action ? with_alpha(fill, 150) : fill);
  if (action) chart.list->AddRectFilled(from, {from.x + 1, to.y}, frame.theme.dim);
  if (row.end == trace::SliceEnd::cut && row.count == 1 && width > 8)
    chart.list->AddRectFilled({to.x - 2, from.y}, to, frame.theme.bad);
  if (row.provenance != trace::Provenance::observed && strip.height >= 8 && width >= 4)
    chart.list->AddRectFilled(
        {from.x, to.y - 2}, to,
        row.provenance == trace::Provenance::derived ? frame.theme.derived : frame.theme.modelled);
  if (!chart.veiled && width >= reachable * frame.scale) target(frame, from, to);
  if (width < 14 * frame.scale || strip.height < 10 * frame.scale) return;
  const Colour ink = action ? frame.theme.text : row.count > 1 ? frame.theme.text : ink_on(fill);
  const float y = std::floor(strip.top + (strip.height - 1 - ImGui::GetFontSize()) / 2);
  chart.list->PushClipRect(from, to, true);
  const ImVec2 at{left + 3 * frame.scale, y};
  if (row.count > 1)
    draw_count(chart, at, width - 5 * frame.scale, ink, slice_text(frame, row));
  else if (width > 26 * frame.scale)
    draw_label(chart, at, width - 5 * frame.scale, ink, slice_text(frame, row));
  chart.list->PopClipRect();
}

void draw_hits(TimelineChart& chart, const LaneRows& rows, const LaneStrip& strip) {
  for (const HitRow& hit : rows.hits)
    chart.list->AddRectFilled({chart.at.x(hit.left), strip.top},
                              {chart.at.x(std::max(hit.right, hit.left + 2)), strip.top + strip.height - 1},
                              chart.frame.theme.text);
}

}  // namespace

void draw_strip(TimelineChart& chart, std::size_t lane, const LaneStrip& strip) {
  const LaneRows& rows = chart.rows(lane);
  if (strip.hits && chart.veiled) return;
  if (strip.hits) return draw_hits(chart, rows, strip);
  if (!strip.track) {
    draw_bars(chart, rows, strip);
    return draw_events(chart, rows, strip);
  }
  for (const SliceRow& row : rows.slices)
    if (row.track == *strip.track) draw_slice(chart, row, strip);
}

}  // namespace trapline::window
