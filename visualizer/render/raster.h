// The shapes that draw() is made of: triangles and upright rectangles in fixed point, cut to a rectangle of pixels.
// software.h states the rules.
#pragma once

#include "visualizer/render/software.h"

namespace trapline::window {

inline constexpr i32 subpixels = 256;                   // per pixel and per texel
inline constexpr i32 furthest = (1 << 15) * subpixels;  // of a coordinate; its products fit 64 bits with room
inline constexpr i32 furthest_texel = (1 << 15) * subpixels;

struct Corner {
  i32 x = 0, y = 0;  // in 1/256 pixel
  i32 u = 0, v = 0;  // in 1/256 texel
  u32 colour = 0;
};

// Right and bottom excluded.
struct PixelRectangle {
  int left = 0, top = 0, right = 0, bottom = 0;
};

struct Target {
  Picture& picture;
  PixelRectangle clip;  // lies inside the picture
  const SoftwareTexture& texture;
};

// The first pixel whose centre is not left of (or above) this place.
constexpr int first_pixel(i32 place) { return (place + subpixels / 2 - 1) >> 8; }

void fill_triangle(const Target& target, Corner a, Corner b, Corner c);

// One colour; `one` and `other` are opposite corners, each with its texture coordinates.
void fill_rectangle(const Target& target, Corner one, Corner other);

}  // namespace trapline::window
