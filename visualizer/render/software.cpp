// Walks the lists of a frame: converts each list's vertices once, cuts each command to its clip rectangle, and takes
// two triangles that make an upright rectangle of one colour as the rectangle they are.
#include "visualizer/render/software.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "visualizer/render/raster.h"

namespace trapline::window {

namespace {

// Exact up to the one rounding: a float times a power of two, or times a size below 2^15, is exact in double.
i32 fixed(double value, i32 limit) {
  const double scaled = std::floor(value * subpixels + 0.5), furthest_off = limit;
  return static_cast<i32>(std::clamp(scaled, -furthest_off, furthest_off));
}

bool is_number(const ImDrawVert& vertex) {
  return !std::isnan(vertex.pos.x) && !std::isnan(vertex.pos.y) && !std::isnan(vertex.uv.x) && !std::isnan(vertex.uv.y);
}

struct Frame {
  Picture picture;
  double left = 0, top = 0, scale_x = 1, scale_y = 1;

  i32 across(float x) const { return fixed((x - left) * scale_x, furthest); }
  i32 down(float y) const { return fixed((y - top) * scale_y, furthest); }
};

Corner corner_of(const Frame& frame, const SoftwareTexture& texture, const ImDrawVert& vertex) {
  return {frame.across(vertex.pos.x), frame.down(vertex.pos.y),
          fixed(double{vertex.uv.x} * texture.width, furthest_texel),
          fixed(double{vertex.uv.y} * texture.height, furthest_texel), vertex.col};
}

PixelRectangle clip_of(const Frame& frame, const ImVec4& clip) {
  if (std::isnan(clip.x) || std::isnan(clip.y) || std::isnan(clip.z) || std::isnan(clip.w)) return {};
  return {std::max(0, first_pixel(frame.across(clip.x))), std::max(0, first_pixel(frame.down(clip.y))),
          std::min(frame.picture.width, first_pixel(frame.across(clip.z))),
          std::min(frame.picture.height, first_pixel(frame.down(clip.w)))};
}

// Corners a, b, c, d around an upright rectangle, as ImDrawList's rectangles and glyphs have them.
bool is_rectangle(const Corner (&corners)[4]) {
  const auto& [a, b, c, d] = corners;
  return a.x == d.x && b.x == c.x && a.y == b.y && c.y == d.y && a.u == d.u && b.u == c.u && a.v == b.v && c.v == d.v &&
         a.colour == b.colour && a.colour == c.colour && a.colour == d.colour;
}

// The triangles of one command.
class Command {
 public:
  Command(Frame& frame, const ImDrawList& list, const ImDrawCmd& command, const SoftwareTexture& texture)
      : frame_(frame),
        list_(list),
        command_(command),
        target_{frame.picture, clip_of(frame, command.ClipRect), texture} {
    assert(command.ElemCount % 3 == 0 && u64{command.IdxOffset} + command.ElemCount <= u64(list.IdxBuffer.Size));
    assert(texture.alpha.size() + texture.rgba.size() == std::size_t(texture.width) * std::size_t(texture.height));
  }

  void fill() {
    if (target_.clip.left >= target_.clip.right || target_.clip.top >= target_.clip.bottom) return;
    for (unsigned at = 0; at < command_.ElemCount; at += 3) {
      if (fill_as_rectangle(at)) {
        at += 3;
      } else if (is_number(vertex(at)) && is_number(vertex(at + 1)) && is_number(vertex(at + 2))) {
        fill_triangle(target_, corner(at), corner(at + 1), corner(at + 2));
      }
    }
  }

 private:
  unsigned index(unsigned at) const { return list_.IdxBuffer.Data[command_.IdxOffset + at]; }
  const ImDrawVert& vertex(unsigned at) const {
    const u64 place = u64{command_.VtxOffset} + index(at);
    assert(place < u64(list_.VtxBuffer.Size));
    return list_.VtxBuffer.Data[place];
  }
  Corner corner(unsigned at) const { return corner_of(frame_, target_.texture, vertex(at)); }

  bool fill_as_rectangle(unsigned at) {
    if (at + 6 > command_.ElemCount || index(at + 3) != index(at) || index(at + 4) != index(at + 2)) return false;
    for (unsigned corner_index : {at, at + 1, at + 2, at + 5})
      if (!is_number(vertex(corner_index))) return false;
    const Corner corners[4] = {corner(at), corner(at + 1), corner(at + 2), corner(at + 5)};
    if (!is_rectangle(corners)) return false;
    fill_rectangle(target_, corners[0], corners[2]);
    return true;
  }

  Frame& frame_;
  const ImDrawList& list_;
  const ImDrawCmd& command_;
  Target target_;
};

int side(float size, float scale) {
  const double pixels = double{size} * scale;
  return pixels >= 1 ? static_cast<int>(std::min(pixels, double{longest_side})) : 0;
}

Frame frame_of(const ImDrawData& data, u32 background) {
  const int width = side(data.DisplaySize.x, data.FramebufferScale.x);
  const int height = side(data.DisplaySize.y, data.FramebufferScale.y);
  return {Picture(width, height, background), data.DisplayPos.x, data.DisplayPos.y, data.FramebufferScale.x,
          data.FramebufferScale.y};
}

}  // namespace

SoftwareTexture texture_of(const Picture& picture) { return {picture.width, picture.height, {}, picture.rgba}; }

Picture draw(const ImDrawData& data, u32 background, const SoftwareTexture& font_atlas) {
  Frame frame = frame_of(data, background);
  for (int index = 0; index < data.CmdListsCount; ++index) {
    const ImDrawList& list = *data.CmdLists[index];
    for (const ImDrawCmd& command : list.CmdBuffer) {
      if (command.UserCallback != nullptr) continue;
      const auto texture = reinterpret_cast<const SoftwareTexture*>((std::intptr_t)command.GetTexID());
      Command(frame, list, command, texture == nullptr ? font_atlas : *texture).fill();
    }
  }
  return std::move(frame.picture);
}

}  // namespace trapline::window
