// Mouse and keys: everything that the reader does becomes another range of the axis, or a request to go somewhere.
#include <algorithm>
#include <cmath>

#include "visualizer/render/imgui_input.h"
#include "visualizer/views/timeline_chart.h"

namespace trapline::window {

namespace {

using Grip = TimelineState::Grip;

struct Pointed {
  std::size_t lane = 0;
  LaneStrip strip;
  int column = 0;
};

std::optional<Pointed> pointed_at(const TimelineChart& chart, ImVec2 mouse) {
  if (!chart.at.holds(mouse.x) || mouse.y < chart.at.lanes_top || mouse.y >= chart.at.lanes_bottom())
    return std::nullopt;
  const auto lane = static_cast<std::size_t>((mouse.y - chart.at.lanes_top) / chart.at.lane_height);
  if (lane >= chart.at.lanes || mouse.x >= chart.at.right_of(chart.picture.lanes[lane])) return std::nullopt;
  for (const LaneStrip& strip : chart.strips(lane))
    if (mouse.y >= strip.top && mouse.y < strip.top + strip.height)
      return Pointed{lane, strip, chart.at.column(mouse.x)};
  return std::nullopt;
}

std::optional<TimelineTarget> target_of(const TimelineChart& chart, const Pointed& pointed) {
  return target_at(chart.picture.rows, pointed.lane, pointed.strip.track, pointed.column);
}

void ask_for(TimelineState& state, const TimelineChart& chart, std::size_t lane, int column) {
  column = std::clamp(column, 0, static_cast<int>(chart.at.columns) - 1);
  state.probe = TimelineAsk::Probe{lane, position_of(chart.picture.rows, column)};
}

// What the reader asked for last, though the picture of it may not be there yet: else quick turns of the wheel would
// count once.
TimelineRange range_now(const TimelineChart& chart, const TimelineState& state) {
  return state.show == TimelineAsk::Show::positions ? state.range.within(chart.picture.end) : chart.picture.range;
}

// To the slice or the event; where there is neither, to the first event from there on.
void press(TimelineChart& chart, TimelineState& state, const Pointed& pointed) {
  const auto target = target_of(chart, pointed);
  const bool single = target && (pointed.strip.track || !chart.rows(pointed.lane).events.empty());
  if (single)
    chart.frame.requests.go({pointed.lane, target->first});
  else
    ask_for(state, chart, pointed.lane, pointed.column);
}

void press_twice(TimelineChart& chart, TimelineState& state, const Pointed& pointed) {
  const auto target = target_of(chart, pointed);
  if (!target) return;
  state.show = TimelineAsk::Show::events;
  state.of = pointed.lane;
  state.range = {target->first, target->last};
}

void pan(const TimelineChart& chart, TimelineState& state, float pixels) {
  const double share = static_cast<double>(pixels) / chart.at.columns;
  state.look_at(state.gripped.panned(static_cast<i64>(std::llround(-share * 1000)), chart.picture.end));
}

void take_hold(const TimelineChart& chart, TimelineState& state, Grip grip, float x) {
  state.grip = grip;
  state.gripped = range_now(chart, state);
  state.gripped_at = x;
  state.dragged = false;
}

void hear_wheel(const TimelineChart& chart, TimelineState& state, int column) {
  const ImGuiIO& io = ImGui::GetIO();
  const TimelineRange range = range_now(chart, state);
  const float aside = io.KeyShift && io.MouseWheel != 0 ? io.MouseWheel : io.MouseWheelH;
  if (aside != 0) {
    state.look_at(range.panned(static_cast<i64>(-150 * aside), chart.picture.end));
  } else if (io.MouseWheel != 0) {
    const auto steps = static_cast<unsigned>(std::clamp(std::abs(io.MouseWheel) + 0.5F, 1.0F, 20.0F));
    state.look_at(range.zoomed(io.MouseWheel > 0 ? Zoom::in : Zoom::out, steps, position_of(chart.picture.rows, column),
                               chart.picture.end));
  }
}

void hear_held(TimelineChart& chart, TimelineState& state, ImVec2 mouse) {
  const float moved = mouse.x - state.gripped_at;
  if (state.grip == Grip::lanes) {
    state.dragged = state.dragged || std::abs(moved) > 4 * chart.frame.scale;
    if (state.dragged && moved != 0) pan(chart, state, moved);
  }
  if (state.grip == Grip::cursor && moved != 0) {
    state.gripped_at = mouse.x;
    ask_for(state, chart, chart.frame.document.focus, chart.at.column(mouse.x));
  }
}

void hear_chart(TimelineChart& chart, TimelineState& state) {
  ImGui::SetCursorScreenPos({chart.at.chart, chart.at.scale_top});
  ImGui::InvisibleButton("chart", {static_cast<float>(chart.at.columns), chart.at.lanes_bottom() - chart.at.scale_top},
                         ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonMiddle);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const auto pointed = pointed_at(chart, mouse);
  if (ImGui::IsItemActivated()) {
    const bool scale = mouse.y < chart.at.lanes_top && ImGui::IsMouseDown(0);
    take_hold(chart, state, scale ? Grip::cursor : Grip::lanes, mouse.x);
    if (scale) ask_for(state, chart, chart.frame.document.focus, chart.at.column(mouse.x));
  }
  if (ImGui::IsItemActive()) hear_held(chart, state, mouse);
  if (ImGui::IsItemHovered()) {
    hear_wheel(chart, state, chart.at.column(mouse.x));
    if (pointed && ImGui::IsMouseDoubleClicked(0)) press_twice(chart, state, *pointed);
    if (pointed && !state.dragged && state.grip == Grip::lanes && ImGui::IsMouseReleased(0))
      press(chart, state, *pointed);
    if (pointed && !ImGui::IsItemActive()) show_target(chart, pointed->lane, pointed->strip, pointed->column);
  }
  if (ImGui::IsItemDeactivated()) state.grip = Grip::none;
}

u64 map_position(const TimelineChart& chart, float x) {
  const double share = std::clamp(static_cast<double>(x - chart.at.chart) / chart.at.columns, 0.0, 1.0);
  return static_cast<u64>(share * static_cast<double>(chart.picture.end));
}

// The frame goes where the mouse goes; an edge goes alone and so zooms.
void hear_map_held(TimelineChart& chart, TimelineState& state, float x) {
  const u64 position = map_position(chart, x), end = chart.picture.end;
  TimelineRange range = state.gripped;
  if (state.grip == Grip::frame) {
    const u64 began = map_position(chart, state.gripped_at);
    const u64 by = position > began ? position - began : began - position;
    const u64 start = position > began ? range.from + by : range.from - std::min(range.from, by);
    return state.look_at(range.moved_to(start, end));
  }
  if (state.grip == Grip::left_edge)
    range.from = std::min(position, range.to - std::min(range.to, TimelineRange::least));
  else
    range.to = std::max(position, range.from + TimelineRange::least);
  state.look_at(range.within(end));
}

void hear_map(TimelineChart& chart, TimelineState& state) {
  ImGui::SetCursorScreenPos({chart.at.chart, chart.at.map_top});
  ImGui::InvisibleButton("map", {static_cast<float>(chart.at.columns), chart.at.map_height});
  const float mouse = ImGui::GetIO().MousePos.x, reach = 5 * chart.frame.scale;
  const float left = chart.at.x(chart.picture.window.left), right = chart.at.x(chart.picture.window.right);
  const bool near_left = std::abs(mouse - left) < reach, near_right = std::abs(mouse - right) < reach;
  if (ImGui::IsItemHovered() && (near_left || near_right)) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
  if (ImGui::IsItemHovered()) hear_wheel(chart, state, static_cast<int>(chart.at.columns / 2));
  if (ImGui::IsItemActivated()) {
    take_hold(chart, state, near_right ? Grip::right_edge : near_left ? Grip::left_edge : Grip::frame, mouse);
    if (state.grip == Grip::frame && (mouse < left || mouse > right)) {
      const u64 middle = map_position(chart, mouse), half = chart.picture.range.span() / 2;
      state.gripped = state.gripped.moved_to(middle - std::min(middle, half), chart.picture.end);
      state.look_at(state.gripped);
    }
  }
  if (ImGui::IsItemActive() && mouse != state.gripped_at) hear_map_held(chart, state, mouse);
  if (ImGui::IsItemDeactivated()) state.grip = Grip::none;
}

}  // namespace

void hear_mouse(TimelineChart& chart, TimelineState& state) {
  hear_chart(chart, state);
  hear_map(chart, state);
}

void hear_keys(TimelineChart& chart, TimelineState& state) {
  const ImGuiIO& io = ImGui::GetIO();
  if (!chart.frame.keys_free || io.WantTextInput || io.KeyCtrl || io.KeyShift || io.KeyAlt) return;
  const auto pressed = [&](Key key) { return is_key_pressed(key, Repeat::yes); };
  const TimelineRange range = range_now(chart, state);
  const u64 end = chart.picture.end;
  const auto cursor = chart.picture.lanes[chart.frame.document.focus].cursor;
  const u64 around = cursor ? position_of(chart.picture.rows, *cursor) : range.from + range.span() / 2;
  if (pressed(Key::equal))
    state.look_at(range.zoomed(Zoom::in, 2, around, end));
  else if (pressed(Key::minus))
    state.look_at(range.zoomed(Zoom::out, 2, around, end));
  else if (pressed(Key::left_bracket))
    state.look_at(range.panned(-250, end));
  else if (pressed(Key::right_bracket))
    state.look_at(range.panned(250, end));
  else if (is_key_pressed(letter('f'), Repeat::no))
    state.show = TimelineAsk::Show::all;
  else if (is_key_pressed(letter('z'), Repeat::no))
    state.show = TimelineAsk::Show::stop;
}

}  // namespace trapline::window
