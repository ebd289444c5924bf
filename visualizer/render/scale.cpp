// Lengths are counted in parts that both sides divide: an old pixel is as many parts wide as there are new ones, and a
// new pixel as many as there are old ones. So every overlap is a whole number, and one division at the end rounds.
#include "visualizer/render/scale.h"

#include <algorithm>
#include <array>

namespace trapline::window {

namespace {

// Colours weighed by their opacity, and the opacity itself. 255 * 255 * the largest area stays far below 64 bits.
using Sums = std::array<u64, 4>;

u64 share(u64 value, u64 of) { return (value + of / 2) / of; }

// What a new row is made of: sums over part of the old rows.
class Row {
 public:
  Row(const Picture& picture, int width) : picture_(picture), width_(width), sums_(static_cast<std::size_t>(width)) {}

  // Adds an old row, `weight` of whose parts lie in the new one.
  void add(int y, u64 weight) {
    const u64 old_pixel = static_cast<u64>(width_), new_pixel = static_cast<u64>(picture_.width);
    u64 left = new_pixel;  // parts that the new pixel still takes
    std::size_t to = 0;
    for (int x = 0; x < picture_.width; ++x) {
      const u32 pixel = picture_.at(x, y);
      for (u64 parts = old_pixel; parts > 0;) {
        const u64 taken = std::min(parts, left);
        add(sums_[to], pixel, taken * weight);
        parts -= taken;
        left -= taken;
        if (left > 0) continue;
        left = new_pixel;
        ++to;
      }
    }
  }

  void finish(u64 area, u32* out) {
    for (Sums& sums : sums_) {
      u32 pixel = static_cast<u32>(share(sums[3], area)) << 24;
      for (std::size_t index = 0; index < 3 && sums[3] > 0; ++index)
        pixel |= static_cast<u32>(share(sums[index], sums[3])) << (8 * index);
      *out++ = pixel;
      sums = {};
    }
  }

 private:
  static void add(Sums& sums, u32 pixel, u64 weight) {
    const u64 opacity = (pixel >> 24) * weight;
    for (std::size_t index = 0; index < 3; ++index) sums[index] += channel(pixel, static_cast<int>(index)) * opacity;
    sums[3] += opacity;
  }

  const Picture& picture_;
  int width_;
  std::vector<Sums> sums_;
};

}  // namespace

Picture scaled_down(const Picture& picture, PictureSize size) {
  const int width = std::clamp(size.width, std::min(1, picture.width), picture.width);
  const int height = std::clamp(size.height, std::min(1, picture.height), picture.height);
  Picture smaller(width, height, 0);
  if (width == picture.width && height == picture.height) return picture;
  if (smaller.rgba.empty()) return smaller;
  const u64 old_row = static_cast<u64>(height), new_row = static_cast<u64>(picture.height);
  const u64 area = new_row * static_cast<u64>(picture.width);
  Row row(picture, width);
  u64 left = new_row;
  int to = 0;
  for (int y = 0; y < picture.height; ++y)
    for (u64 parts = old_row; parts > 0;) {
      const u64 taken = std::min(parts, left);
      row.add(y, taken);
      parts -= taken;
      left -= taken;
      if (left > 0) continue;
      row.finish(area, &smaller.at(0, to++));
      left = new_row;
    }
  return smaller;
}

}  // namespace trapline::window
