// One pixel over another, in integers: each channel is the nearest 1/255 to the true quotient.
#pragma once

#include "visualizer/render/picture.h"

namespace trapline::window {

// round(value / 255) for 0 <= value <= 255 * 255
constexpr u32 over_255(u32 value) { return (value + 128 + ((value + 128) >> 8)) >> 8; }

// A colour times a texel, channel by channel.
constexpr u32 modulate(u32 colour_, u32 texel) {
  u32 result = over_255((colour_ >> 24) * (texel >> 24)) << 24;
  if ((texel & 0xffffff) == 0xffffff) return result | (colour_ & 0xffffff);
  for (int index = 0; index < 3; ++index)
    result |= over_255(channel(colour_, index) * channel(texel, index)) << (8 * index);
  return result;
}

// Source over destination. Two channels share a 32-bit word: 255 * 255 + 128 + 254 still fits the 16 bits of each.
constexpr u32 blend(u32 below, u32 above) {
  const u32 alpha = above >> 24, rest = 255 - alpha;
  const u32 solid = above | 0xff000000;  // so that alpha itself becomes alpha + below * (1 - alpha)
  u32 even = (below & 0xff00ff) * rest + (solid & 0xff00ff) * alpha + 0x800080;
  u32 odd = (below >> 8 & 0xff00ff) * rest + (solid >> 8 & 0xff00ff) * alpha + 0x800080;
  even = (even + (even >> 8 & 0xff00ff)) >> 8 & 0xff00ff;
  odd = (odd + (odd >> 8 & 0xff00ff)) & 0xff00ff00;
  return even | odd;
}

constexpr void put(u32& below, u32 above) {
  const u32 alpha = above >> 24;
  if (alpha == 255) {
    below = above;
  } else if (alpha != 0) {
    below = blend(below, above);
  }
}

}  // namespace trapline::window
