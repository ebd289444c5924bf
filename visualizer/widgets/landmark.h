// Where things lay in the last frame that can be pressed, or that tell something when they are pointed at. A reader
// without a mouse chooses among them by letters (app/pointer.h); those that have names are found by tests as well.
// Widgets say so of themselves, and views of what they draw by hand, right after drawing it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "visualizer/widgets/frame.h"

struct ImVec2;

namespace trapline::window {

struct Landmark {
  float x = 0, y = 0, width = 0, height = 0;  // in the window, in pixels from its upper left corner

  bool holds(float at_x, float at_y) const { return at_x >= x && at_x < x + width && at_y >= y && at_y < y + height; }
  friend bool operator==(const Landmark&, const Landmark&) = default;
};

// An entry of a menu lies over everything else while it is there.
enum class TargetKind : u8 { pressed, explained, menu_entry };

struct Target {
  Landmark place;
  TargetKind kind = TargetKind::pressed;
};

struct Landmarks {
  std::map<std::string, Landmark> places;
  std::vector<Target> targets;  // as they were drawn

  void clear() {
    places.clear();
    targets.clear();
  }
};

// Names the item drawn last, as far as it can be seen; nothing of an item that is scrolled away.
void landmark(const Frame& frame, std::string_view name);
// The item drawn last can be reached, or a part of a drawing can. What is both pressed and explained is one target.
void target(const Frame& frame, TargetKind kind = TargetKind::pressed);
void target(const Frame& frame, const ImVec2& from, const ImVec2& to, TargetKind kind = TargetKind::pressed);

}  // namespace trapline::window
