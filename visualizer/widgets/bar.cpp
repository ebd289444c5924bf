#include "visualizer/widgets/bar.h"

#include <algorithm>
#include <imgui.h>

#include "visualizer/widgets/landmark.h"

namespace trapline::window {

namespace {

ImVec2 mono_size(const Frame& frame, std::string_view words) {
  ImGui::PushFont(frame.fonts.mono);
  const ImVec2 size = ImGui::CalcTextSize(words.data(), words.data() + words.size());
  ImGui::PopFont();
  return size;
}

}  // namespace

bool bar(const Frame& frame, const char* id, u64 permille, std::string_view words, Colour colour, BarUse use) {
  const ImVec2 from = ImGui::GetCursorScreenPos();
  const float width = std::max(ImGui::GetContentRegionAvail().x, 1.0F), height = ImGui::GetTextLineHeight();
  const ImVec2 size = mono_size(frame, words);
  ImDrawList* const list = ImGui::GetWindowDrawList();
  bool pressed = false, over = false;
  if (use == BarUse::pressable) {
    pressed = ImGui::InvisibleButton(id, {width, height});
    target(frame);
    over = ImGui::IsItemHovered() || ImGui::IsItemFocused();
    if (ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  } else {
    ImGui::Dummy({width, height});
  }
  const float length = width * static_cast<float>(std::min<u64>(permille, 1000)) / 1000;
  if (permille > 0)
    list->AddRectFilled({from.x, from.y + 1}, {from.x + std::max(length, 1.0F), from.y + height - 1},
                        with_alpha(colour, 110));
  const ImVec2 at{from.x + std::max(0.0F, width - size.x), from.y};
  list->AddText(frame.fonts.mono, ImGui::GetFontSize(), at, frame.theme.text, words.data(),
                words.data() + words.size());
  if (over) list->AddLine({at.x, at.y + height - 1}, {at.x + size.x, at.y + height - 1}, frame.theme.accent);
  return pressed;
}

void right_mono(const Frame& frame, std::string_view words, Colour colour) {
  const float room = ImGui::GetContentRegionAvail().x - mono_size(frame, words).x;
  if (room > 0) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + room);
  ImGui::PushFont(frame.fonts.mono);
  ImGui::PushStyleColor(ImGuiCol_Text, colour);
  ImGui::TextUnformatted(words.data(), words.data() + words.size());
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

u64 permille_of(u64 part, u64 whole) {
  __extension__ using Wide = unsigned __int128;
  return whole == 0 ? 0 : static_cast<u64>(std::min<Wide>(Wide{part} * 1000 / whole, 1000));
}

std::string percent_text(u64 permille) {
  return std::to_string(permille / 10) + "." + std::to_string(permille % 10) + " %";
}

}  // namespace trapline::window
