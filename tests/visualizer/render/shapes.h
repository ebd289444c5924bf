// Draw lists by hand, without a context: vertices, indices and commands exactly as a test wants them.
#pragma once

#include <imgui.h>
#include <initializer_list>

#include "visualizer/render/software.h"

namespace trapline::window::test {

inline constexpr u32 black = colour(0, 0, 0), white = colour(255, 255, 255);

inline SoftwareTexture white_texture() { return {1, 1, {255}, {}}; }

class Shapes {
 public:
  Shapes(int width, int height) : list_(nullptr), clip_(0, 0, float(width), float(height)) {
    data_.Valid = true;
    data_.DisplaySize = ImVec2(float(width), float(height));
    data_.FramebufferScale = ImVec2(1, 1);
  }

  Shapes& clip(float left, float top, float right, float bottom) {
    clip_ = ImVec4(left, top, right, bottom);
    return *this;
  }
  Shapes& texture(const SoftwareTexture& texture) {
    texture_ = texture_id(texture);
    return *this;
  }
  // One command: these vertices, and these indices into them.
  Shapes& add(std::initializer_list<ImDrawVert> vertices, std::initializer_list<int> indices) {
    ImDrawCmd command;
    command.ClipRect = clip_;
    command.TextureId = texture_;
    command.IdxOffset = static_cast<unsigned>(list_.IdxBuffer.Size);
    command.VtxOffset = static_cast<unsigned>(list_.VtxBuffer.Size);
    command.ElemCount = static_cast<unsigned>(indices.size());
    for (const ImDrawVert& vertex : vertices) list_.VtxBuffer.push_back(vertex);
    for (int index : indices) list_.IdxBuffer.push_back(static_cast<ImDrawIdx>(index));
    list_.CmdBuffer.push_back(command);
    return *this;
  }
  Shapes& callback() {
    ImDrawCmd command;
    command.UserCallback = [](const ImDrawList*, const ImDrawCmd*) { called() = true; };
    list_.CmdBuffer.push_back(command);
    return *this;
  }
  static bool& called() {
    static bool value = false;
    return value;
  }

  Shapes& triangle(ImVec2 a, ImVec2 b, ImVec2 c, u32 colour_) {
    return add({{a, {}, colour_}, {b, {}, colour_}, {c, {}, colour_}}, {0, 1, 2});
  }
  Shapes& rectangle(ImVec2 a, ImVec2 c, ImVec2 uv_a, ImVec2 uv_c, u32 colour_) {
    return add({{a, uv_a, colour_},
                {{c.x, a.y}, {uv_c.x, uv_a.y}, colour_},
                {c, uv_c, colour_},
                {{a.x, c.y}, {uv_a.x, uv_c.y}, colour_}},
               {0, 1, 2, 0, 2, 3});
  }

  Picture draw(u32 background, const SoftwareTexture& font_atlas) {
    ImDrawList* lists[] = {&list_};
    data_.CmdLists = lists;
    data_.CmdListsCount = 1;
    return window::draw(data_, background, font_atlas);
  }
  Picture draw(u32 background = black) { return draw(background, white_texture()); }

 private:
  ImDrawData data_;
  ImDrawList list_;
  ImVec4 clip_;
  ImTextureID texture_{};
};

}  // namespace trapline::window::test
