// What the parts of the timeline's drawing share: where everything stands, and the drawing at hand.
//
//   toolbar   the choice of axis, the legend                        timeline_view.cpp
//   scale     numbers or actions along the axis; the handle         timeline_axis.cpp
//   lanes     title | strips: actions, events, exits, calls, walks  timeline_lanes.cpp, timeline_strips.cpp
//   map       the whole run in small                                timeline_axis.cpp
//   mouse and keys                                                  timeline_input.cpp
#pragma once

#include <imgui.h>

#include "visualizer/rows/timeline_picture.h"
#include "visualizer/views/view.h"

namespace trapline::window {

struct TimelineGeometry {
  float left = 0, right = 0;  // of everything
  float chart = 0;            // where column 0 is; titles are left of it
  unsigned columns = 1;       // one pixel each
  float scale_top = 0, scale_height = 0;
  float lanes_top = 0, lane_height = 0;
  std::size_t lanes = 0;
  float map_top = 0, map_height = 0;

  float lane_top(std::size_t lane) const { return lanes_top + lane_height * static_cast<float>(lane); }
  float lanes_bottom() const { return lane_top(lanes); }
  float x(int column) const { return chart + static_cast<float>(column); }
  // Where a lane ends for whoever looks at it.
  float right_of(const TimelineLane& lane) const { return lane.horizon ? x(*lane.horizon) : right; }
  int column(float x_of_screen) const { return static_cast<int>(x_of_screen - chart); }
  bool holds(float x_of_screen) const {
    return x_of_screen >= chart && x_of_screen < chart + static_cast<float>(columns);
  }
};

TimelineGeometry timeline_geometry(const Frame& frame, ImVec2 from, ImVec2 room);

// A lane's strips by the height there is: from 20 pixels on events alone, then with exits, with actions and their
// names, with everything.
struct LaneStrip {
  std::optional<trace::Track> track;  // none: events, or the ticks of hits
  bool hits = false;
  float top = 0, height = 0;
};
std::vector<LaneStrip> strips_of(const TimelineLane& lane, float top, float height, float line);

struct TimelineChart {
  Frame& frame;
  const TimelinePicture& picture;
  TimelineGeometry at;
  ImDrawList* list;
  int letters = 0;      // that labels may still take: each letter is a primitive
  bool veiled = false;  // shapes alone: behind the horizon nothing is told and nothing can be pressed

  const LaneRows& rows(std::size_t lane) const { return picture.rows.lanes[lane]; }
  std::vector<LaneStrip> strips(std::size_t lane) const;
};

// ---- drawing -----------------------------------------------------------------------------------------------------
void draw_scale(TimelineChart& chart);
void draw_map(TimelineChart& chart);
void draw_lanes(TimelineChart& chart);
void draw_strip(TimelineChart& chart, std::size_t lane, const LaneStrip& strip);
// Words cut to a width, so much of them as the letters allow. Returns their width.
float draw_label(TimelineChart& chart, ImVec2 from, float width, Colour colour, std::string_view words);
// Slanting lines, for what is not known; the word in the middle where there is room.
// Where the words do not fit, the number at their beginning; else nothing.
void draw_count(TimelineChart& chart, ImVec2 from, float width, Colour colour, std::string_view words);
void draw_hatched(TimelineChart& chart, ImVec2 from, ImVec2 to, std::string_view word);

Text class_word(trace::LaneClass lane_class);
Colour class_colour(const Frame& frame, trace::LaneClass lane_class);
// Letters that can be read on a colour.
Colour ink_on(Colour colour);
std::string duration_text(const Frame& frame, std::size_t lane, u64 ticks);
// `disk_block 3`
std::string slice_text(const Frame& frame, const SliceRow& row);
std::string_view axis_unit(const Frame& frame, AxisKind kind);

// ---- input -------------------------------------------------------------------------------------------------------
// How the reader looks at the run; kept by the view from frame to frame.
struct TimelineState {
  std::optional<AxisKind> axis;  // as chosen; by itself: actions where there are several lanes, time else
  TimelineAsk::Show show = TimelineAsk::Show::all;
  TimelineRange range;  // positions, or events of lane `of`
  std::size_t of = 0;
  std::optional<TimelineAsk::Probe> probe;
  enum class Grip : u8 { none, lanes, cursor, frame, left_edge, right_edge };
  Grip grip = Grip::none;
  TimelineRange gripped;  // the range when it was taken hold of
  float gripped_at = 0;
  bool dragged = false;

  void look_at(const TimelineRange& positions) {
    range = positions;
    show = TimelineAsk::Show::positions;
  }
};
void hear_mouse(TimelineChart& chart, TimelineState& state);
void hear_keys(TimelineChart& chart, TimelineState& state);
void show_target(TimelineChart& chart, std::size_t lane, const LaneStrip& strip, int column);
void show_help(const Frame& frame);

}  // namespace trapline::window
