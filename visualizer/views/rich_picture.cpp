#include "visualizer/views/rich_picture.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "visualizer/render/imgui_input.h"
#include "visualizer/widgets/landmark.h"

namespace trapline::window {

namespace {

constexpr float line = 1;  // of the frame around a picture

float gap(const Frame& frame) { return std::round(frame.fonts.text->FontSize * 0.35F); }

// As many texels as the display has pixels there; then no texel is drawn but whole.
Result<ImTextureID> texture_of(const Frame& frame, const std::string& path, PictureSize shown) {
  const ImVec2 grown = ImGui::GetIO().DisplayFramebufferScale;
  const auto pixels = [](int length, float scale) {
    return static_cast<int>(std::lround(static_cast<float>(length) * std::clamp(scale, 1.0F, 4.0F)));
  };
  return frame.pictures->texture(path, {pixels(shown.width, grown.x), pixels(shown.height, grown.y)});
}

void draw_at(const Frame& frame, const std::string& path, PictureSize shown, ImVec2 at) {
  ImDrawList* const list = ImGui::GetWindowDrawList();
  const ImVec2 end{at.x + static_cast<float>(shown.width), at.y + static_cast<float>(shown.height)};
  const Result<ImTextureID> texture = texture_of(frame, path, shown);
  if (texture)
    list->AddImage(*texture, at, end);
  else
    list->AddText(frame.fonts.text, frame.fonts.text->FontSize, at, frame.theme.dim, texture.error().sentence.c_str(),
                  nullptr, static_cast<float>(shown.width));
  list->AddRect({at.x - line, at.y - line}, {end.x + line, end.y + line}, frame.theme.line);
}

// In the lower right corner of what can be seen: a tooltip at the mouse would hide what one tries to read.
void draw_hint(const Frame& frame, ImVec2 at, ImVec2 size) {
  ImDrawList* const list = ImGui::GetWindowDrawList();
  const PlacedLines hint =
      lay_out(frame, runs_of(frame.words(Text::lesson_picture_larger)), size.x - 2 * gap(frame), frame.fonts.text);
  const ImVec2 end{at.x + size.x, std::min(at.y + size.y, std::floor(list->GetClipRectMax().y))};
  const ImVec2 from{std::round(end.x - hint.width - 2 * gap(frame)), std::round(end.y - hint.height - gap(frame))};
  list->AddRectFilled(from, end, frame.theme.raised);
  draw_lines(frame, hint, {from.x + gap(frame), from.y + std::round(gap(frame) / 2)}, frame.theme.text, 2);
}

// Over everything else, as large as the window allows.
void draw_larger(const Frame& frame, const std::string& path) {
  const ImVec2 display = ImGui::GetIO().DisplaySize, padding = ImGui::GetStyle().WindowPadding;
  const PictureSize size = fitted(*frame.pictures->size_of(path), frame.scale, display.x - 2 * (padding.x + line),
                                  display.y - 2 * (padding.y + line));
  const ImVec2 whole{static_cast<float>(size.width) + 2 * (padding.x + line),
                     static_cast<float>(size.height) + 2 * (padding.y + line)};
  ImGui::SetNextWindowPos({std::floor((display.x - whole.x) / 2), std::floor((display.y - whole.y) / 2)});
  ImGui::SetNextWindowSize(whole);
  if (!ImGui::BeginPopup("larger", ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse)) return;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  draw_at(frame, path, size, {std::round(at.x + line), std::round(at.y + line)});
  const bool pressed = ImGui::InvisibleButton("back", {whole.x - 2 * padding.x, whole.y - 2 * padding.y});
  if (pressed || is_key_pressed(Key::escape, Repeat::no)) ImGui::CloseCurrentPopup();
  ImGui::EndPopup();
}

}  // namespace

PictureSize fitted(PictureSize own, float scale, float width, float height) {
  const double wide = std::max(own.width, 1), high = std::max(own.height, 1);
  double factor = std::min(double{scale}, std::max(double{width}, 1.0) / wide);
  if (height > 0) factor = std::min(factor, double{height} / high);
  return {std::max(1, static_cast<int>(wide * factor + 1e-3)),
          std::max(1, static_cast<int>(std::lround(high * factor)))};
}

PlacedPicture lay_out_picture(const Frame& frame, const Block& block, float width) {
  PlacedPicture placed;
  placed.caption = lay_out(frame, block.runs, width, frame.fonts.text);
  placed.width = placed.caption.width;
  if (frame.pictures != nullptr && !block.target.empty()) {
    const Result<PictureSize>& own = frame.pictures->size_of(block.target);
    if (own) {
      placed.size = fitted(*own, frame.scale, width - 2 * line);
      placed.width = std::max(placed.width, static_cast<float>(placed.size.width) + 2 * line);
      placed.height = static_cast<float>(placed.size.height) + 2 * line + gap(frame);
    } else {
      const std::string sentence = frame.words.fill(Text::lesson_picture_trouble, {own.error().sentence});
      placed.trouble = lay_out(frame, runs_of(sentence), width, frame.fonts.text);
      placed.width = std::max(placed.width, placed.trouble.width);
      placed.height = placed.trouble.height + gap(frame);
    }
  }
  placed.height += block.runs.empty() ? 0 : placed.caption.height;
  return placed;
}

std::optional<std::string> draw_picture(const Frame& frame, const Block& block, const PlacedPicture& placed, ImVec2 at,
                                        int id) {
  float y = at.y;
  ImGui::PushID(id);
  if (placed.size.width > 0) {
    const ImVec2 corner{std::round(at.x) + line, std::round(at.y) + line};
    draw_at(frame, block.target, placed.size, corner);
    ImGui::SetCursorScreenPos(corner);
    const ImVec2 size{static_cast<float>(placed.size.width), static_cast<float>(placed.size.height)};
    if (ImGui::InvisibleButton("picture", size)) ImGui::OpenPopup("larger");
    target(frame);
    landmark(frame, "picture " + std::filesystem::path(block.target).stem().string());
    if (ImGui::IsItemHovered()) {
      ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
      draw_hint(frame, corner, size);
    }
    if (frame.pictures->size_of(block.target)) draw_larger(frame, block.target);
    y += size.y + 2 * line + gap(frame);
  } else if (!placed.trouble.texts.empty()) {
    draw_lines(frame, placed.trouble, {at.x, y}, frame.theme.text, 1);
    y += placed.trouble.height + gap(frame);
  }
  auto pressed = draw_lines(frame, placed.caption, {at.x, y}, frame.theme.dim, 0);
  ImGui::PopID();
  return pressed;
}

}  // namespace trapline::window
