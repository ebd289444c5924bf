#include "visualizer/widgets/landmark.h"

#include <algorithm>
#include <imgui.h>

namespace trapline::window {

void landmark(const Frame& frame, std::string_view name) {
  if (frame.landmarks == nullptr) return;
  const ImVec2 from = ImGui::GetItemRectMin(), to = ImGui::GetItemRectMax();
  const ImDrawList* const list = ImGui::GetWindowDrawList();
  const ImVec2 clip_from = list->GetClipRectMin(), clip_to = list->GetClipRectMax();
  const float left = std::max(from.x, clip_from.x), right = std::min(to.x, clip_to.x);
  const float top = std::max(from.y, clip_from.y), bottom = std::min(to.y, clip_to.y);
  if (left >= right || top >= bottom) return;
  frame.landmarks->places[std::string(name)] = {left, top, right - left, bottom - top};
}

}  // namespace trapline::window
