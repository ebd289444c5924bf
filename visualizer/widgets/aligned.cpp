#include "visualizer/widgets/aligned.h"

#include <algorithm>
#include <imgui.h>

#include "visualizer/widgets/widgets.h"

namespace trapline::window {

void align_right(const Frame& frame, std::string_view words) {
  ImGui::PushFont(frame.fonts.mono);
  const float width = ImGui::CalcTextSize(words.data(), words.data() + words.size()).x;
  ImGui::PopFont();
  const float room = ImGui::GetContentRegionAvail().x;
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + std::max(0.0F, room - width));
}

void mono_right(const Frame& frame, std::string_view words, Colour colour) {
  align_right(frame, words);
  mono(frame, words, colour);
}

}  // namespace trapline::window
