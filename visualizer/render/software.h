// Turns a frame of Dear ImGui into a picture with integers only, so that every host, compiler and optimization gives
// the same bytes, and no display or graphics driver is asked.
//
// The one conversion from floating point comes first and is exact up to its rounding: positions to 1/256 pixel, texture
// coordinates to 1/256 texel, both floor(value * 256 + 1/2) in double. From there on:
//   - a pixel belongs to a triangle if its centre lies inside, or on a top or left edge: neighbours that share an edge
//     cover each pixel once, which is what the fringes of anti-aliased shapes need;
//   - colours and texture coordinates are interpolated as fractions over the triangle's area, rounded once;
//   - textures are sampled bilinearly; at texel centres that is the texel itself, so glyphs at whole pixels come out
//     exactly as the atlas has them;
//   - blending is source over destination, each channel rounded to the nearest 1/255.
// User callbacks of a draw list are not called. Triangles with a coordinate that is no number are left out; coordinates
// further than 32,768 pixels away are moved there.
#pragma once

#include <imgui.h>

#include "visualizer/render/picture.h"

namespace trapline::window {

// Exactly one of the two arrays holds width * height texels.
struct SoftwareTexture {
  int width = 0;
  int height = 0;
  std::vector<u8> alpha;  // white with this opacity: the font atlas
  std::vector<u32> rgba;
};

SoftwareTexture texture_of(const Picture& picture);

// What ImGui::Image and ImFontAtlas::SetTexID want; the texture must outlive the frame.
inline ImTextureID texture_id(const SoftwareTexture& texture) {
  return (ImTextureID) reinterpret_cast<std::intptr_t>(&texture);  // a pointer in some releases, an integer in others
}

// `font_atlas` is what commands without a texture of their own are drawn with.
Picture draw(const ImDrawData& data, u32 background, const SoftwareTexture& font_atlas);

}  // namespace trapline::window
