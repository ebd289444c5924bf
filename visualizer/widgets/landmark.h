// Where named things lay in the last frame, so that somebody outside can point at them: a test with a mouse, say. Views
// name what can be pressed, right after drawing it; where nobody collects them, that costs nothing.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "visualizer/widgets/frame.h"

namespace trapline::window {

struct Landmark {
  float x = 0, y = 0, width = 0, height = 0;  // in the window, in pixels from its upper left corner

  friend bool operator==(const Landmark&, const Landmark&) = default;
};

struct Landmarks {
  std::map<std::string, Landmark> places;
};

// Names the item drawn last, as far as it can be seen; nothing of an item that is scrolled away.
void landmark(const Frame& frame, std::string_view name);

}  // namespace trapline::window
