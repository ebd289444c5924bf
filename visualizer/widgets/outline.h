// Boxes of straight edges. ImGui's own outlines and rounded corners are made of a dozen triangles and more each, and a
// dense window has hundreds of boxes.
#pragma once

#include "visualizer/widgets/theme.h"

struct ImDrawList;
struct ImVec2;

namespace trapline::window {

void outline(ImDrawList* list, const ImVec2& from, const ImVec2& to, Colour colour, float thickness = 1);

}  // namespace trapline::window
