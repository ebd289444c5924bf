#include "visualizer/widgets/outline.h"

#include <imgui.h>

namespace trapline::window {

void outline(ImDrawList* list, const ImVec2& from, const ImVec2& to, Colour colour, float thickness) {
  list->AddRectFilled(from, {to.x, from.y + thickness}, colour);
  list->AddRectFilled({from.x, to.y - thickness}, to, colour);
  list->AddRectFilled({from.x, from.y + thickness}, {from.x + thickness, to.y - thickness}, colour);
  list->AddRectFilled({to.x - thickness, from.y + thickness}, {to.x, to.y - thickness}, colour);
}

}  // namespace trapline::window
