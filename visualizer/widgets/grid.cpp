#include "visualizer/widgets/grid.h"

#include <algorithm>

#include "visualizer/widgets/landmark.h"
#include "visualizer/widgets/outline.h"

namespace trapline::window {

namespace {

ImVec2 mono_size(const Frame& frame, std::string_view words) {
  return {characters(frame, 1) * static_cast<float>(words.size()), ImGui::GetTextLineHeight()};
}

// Words may hold Chinese: measured, not counted.
ImVec2 measured(const Frame& frame, std::string_view words) {
  ImGui::PushFont(frame.fonts.mono);
  const ImVec2 size = ImGui::CalcTextSize(words.data(), words.data() + words.size());
  ImGui::PopFont();
  return size;
}

void dashed_line(ImDrawList* list, ImVec2 from, ImVec2 to, Colour colour, float dash) {
  const float length = std::max(to.x - from.x, to.y - from.y);
  const ImVec2 step{to.x > from.x ? 1.0F : 0.0F, to.y > from.y ? 1.0F : 0.0F};
  for (float at = 0; at < length; at += 2 * dash) {
    const float end = std::min(at + dash, length);
    list->AddLine({from.x + step.x * at, from.y + step.y * at}, {from.x + step.x * end, from.y + step.y * end}, colour);
  }
}

}  // namespace

Cell& Cell::fill(Colour colour) {
  ImGui::GetWindowDrawList()->AddRectFilled(at_, {at_.x + size_.x, at_.y + size_.y}, colour);
  return *this;
}

Cell& Cell::edge(Colour colour, Edge kind) {
  ImDrawList* const list = ImGui::GetWindowDrawList();
  const ImVec2 to{at_.x + size_.x, at_.y + size_.y};
  if (kind == Edge::dashed) {
    const float dash = 6 * frame_.scale;
    dashed_line(list, at_, {to.x, at_.y}, colour, dash);
    dashed_line(list, {at_.x, to.y}, to, colour, dash);
    dashed_line(list, at_, {at_.x, to.y}, colour, dash);
    dashed_line(list, {to.x, at_.y}, to, colour, dash);
  } else {
    outline(list, at_, to, colour, kind == Edge::framed ? 2 * frame_.scale : 1);
  }
  return *this;
}

void Cell::put(float x, unsigned line, std::string_view words, Colour colour) {
  if (words.empty()) return;
  ImDrawList* const list = ImGui::GetWindowDrawList();
  const float pad = 3 * frame_.scale;
  const ImVec4 clip{at_.x, at_.y, at_.x + size_.x, at_.y + size_.y};
  const ImVec2 place{x, at_.y + pad + static_cast<float>(line) * ImGui::GetTextLineHeight()};
  ImGui::PushFont(frame_.fonts.mono);
  list->AddText(ImGui::GetFont(), ImGui::GetFontSize(), place, colour, words.data(), words.data() + words.size(), 0,
                &clip);
  ImGui::PopFont();
}

Cell& Cell::left(unsigned line, std::string_view words, Colour colour) {
  put(at_.x + 4 * frame_.scale, line, words, colour);
  return *this;
}

Cell& Cell::right(unsigned line, std::string_view words, Colour colour) {
  put(at_.x + size_.x - 4 * frame_.scale - measured(frame_, words).x, line, words, colour);
  return *this;
}

Cell& Cell::middle(std::string_view words, Colour colour) {
  const ImVec2 size = measured(frame_, words);
  const ImVec2 place{at_.x + std::max(2.0F, (size_.x - size.x) / 2), at_.y + (size_.y - size.y) / 2};
  const ImVec4 clip{at_.x, at_.y, at_.x + size_.x, at_.y + size_.y};
  ImGui::PushFont(frame_.fonts.mono);
  ImGui::GetWindowDrawList()->AddText(ImGui::GetFont(), ImGui::GetFontSize(), place, colour, words.data(),
                                      words.data() + words.size(), 0, &clip);
  ImGui::PopFont();
  return *this;
}

float Cell::height(const Frame& frame, unsigned lines) {
  return static_cast<float>(lines) * ImGui::GetTextLineHeight() + 7 * frame.scale;
}

bool press_cell(const Frame& frame, const char* id, std::size_t number, ImVec2 at, ImVec2 size) {
  ImGui::SetCursorScreenPos(at);
  ImGui::PushID(static_cast<int>(number));
  const bool pressed = ImGui::InvisibleButton(id, size);
  target(frame);
  if (ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  ImGui::PopID();
  return pressed;
}

void strip(const Frame& frame, std::span<const StripBox> boxes) {
  const float height = Cell::height(frame, 2);
  const float gap = 3 * frame.scale;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const StripBox& box = boxes[i];
    const std::string name = (box.marked ? "▼ " : "") + box.name;
    const float width = std::max(measured(frame, name).x, mono_size(frame, box.value).x) + 10 * frame.scale;
    if (i > 0) {
      ImGui::SameLine(0, gap);
      if (ImGui::GetContentRegionAvail().x < width) ImGui::NewLine();
    }
    const ImVec2 at = ImGui::GetCursorScreenPos(), size{width, height};
    Cell cell(frame, at, size);
    cell.fill(box.marked ? with_alpha(frame.theme.accent, 50) : frame.theme.raised)
        .edge(box.marked ? frame.theme.accent : frame.theme.line, box.marked ? Cell::Edge::framed : Cell::Edge::thin)
        .left(0, name, frame.theme.dim)
        .left(1, box.value, frame.theme.text);
    ImGui::Dummy(size);
    tooltip(frame, box.tip);
  }
}

}  // namespace trapline::window
