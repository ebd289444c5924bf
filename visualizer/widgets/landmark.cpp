#include "visualizer/widgets/landmark.h"

#include <algorithm>
#include <imgui.h>
#include <optional>

namespace trapline::window {

namespace {

std::optional<Landmark> seen_part(const ImVec2& from, const ImVec2& to) {
  const ImDrawList* const list = ImGui::GetWindowDrawList();
  const ImVec2 clip_from = list->GetClipRectMin(), clip_to = list->GetClipRectMax();
  const float left = std::max(from.x, clip_from.x), right = std::min(to.x, clip_to.x);
  const float top = std::max(from.y, clip_from.y), bottom = std::min(to.y, clip_to.y);
  if (left >= right || top >= bottom) return std::nullopt;
  return Landmark{left, top, right - left, bottom - top};
}

}  // namespace

void landmark(const Frame& frame, std::string_view name) {
  if (frame.landmarks == nullptr) return;
  if (const auto seen = seen_part(ImGui::GetItemRectMin(), ImGui::GetItemRectMax()))
    frame.landmarks->places[std::string(name)] = *seen;
}

void target(const Frame& frame, TargetKind kind) {
  target(frame, ImGui::GetItemRectMin(), ImGui::GetItemRectMax(), kind);
}

void target(const Frame& frame, const ImVec2& from, const ImVec2& to, TargetKind kind) {
  if (frame.landmarks == nullptr) return;
  const auto seen = seen_part(from, to);
  if (!seen) return;
  auto& targets = frame.landmarks->targets;
  const bool known = kind == TargetKind::explained && !targets.empty() && targets.back().place == *seen;
  if (!known) targets.push_back({*seen, kind});
}

}  // namespace trapline::window
