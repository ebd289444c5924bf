// Triangles go row by row: each edge gives the row's first or last pixel by one division, so a long thin line costs its
// own pixels and not those of the box around it.
#include "visualizer/render/raster.h"

#include <algorithm>
#include <bit>

#include "visualizer/render/blend.h"

namespace trapline::window {

namespace {

constexpr u32 white = 0xffffffff;

constexpr i64 floor_divide(i64 value, i64 by) { return value >= 0 ? value / by : -((by - 1 - value) / by); }
constexpr i64 centre(int pixel) { return i64{pixel} * subpixels + subpixels / 2; }

u32 texel(const SoftwareTexture& texture, int x, int y) {
  const auto place =
      static_cast<std::size_t>(y) * static_cast<std::size_t>(texture.width) + static_cast<std::size_t>(x);
  return texture.rgba.empty() ? u32{texture.alpha[place]} << 24 | 0xffffff : texture.rgba[place];
}

// Between four texels, each weighed by its share of the 256 * 256 parts of a square.
u32 mix(const u32 (&texels)[4], u32 right, u32 down) {
  const u32 weights[4] = {(256 - right) * (256 - down), right * (256 - down), (256 - right) * down, right * down};
  u32 result = 0;
  for (int index = 0; index < 4; ++index) {
    u32 sum = 1 << 15;
    for (int corner = 0; corner < 4; ++corner) sum += channel(texels[corner], index) * weights[corner];
    result |= sum >> 16 << (8 * index);
  }
  return result;
}

// Places beyond the edge take the edge's texels.
u32 sample(const SoftwareTexture& texture, i32 u, i32 v) {
  if (texture.width <= 0 || texture.height <= 0) return white;
  const i32 across = u - subpixels / 2, down = v - subpixels / 2;
  const int left = std::clamp(across >> 8, 0, texture.width - 1), top = std::clamp(down >> 8, 0, texture.height - 1);
  const u32 part_across = across & 255, part_down = down & 255;
  if ((part_across | part_down) == 0) return texel(texture, left, top);
  const int right = std::clamp((across >> 8) + 1, 0, texture.width - 1);
  const int bottom = std::clamp((down >> 8) + 1, 0, texture.height - 1);
  return mix({texel(texture, left, top), texel(texture, right, top), texel(texture, left, bottom),
              texel(texture, right, bottom)},
             part_across, part_down);
}

u32* row_of(const Target& target, int y) {
  return target.picture.rgba.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(target.picture.width);
}

void fill_span(u32* row, int first, int end, u32 colour_) {
  if (colour_ >> 24 == 255) {
    std::fill(row + first, row + end, colour_);
  } else {
    for (int x = first; x < end; ++x) row[x] = blend(row[x], colour_);
  }
}

// One edge of a triangle, seen along a row: value(x) = start + step * x is positive inside and zero on the edge.
struct Edge {
  i64 across, down;  // from its first corner to its second
  i64 x, y;          // the first corner
  i64 least;         // 0 if the edge's own pixels are the triangle's (a top or left edge), else 1

  Edge(const Corner& from, const Corner& to)
      : across(to.x - from.x),
        down(to.y - from.y),
        x(from.x),
        y(from.y),
        least(down < 0 || (down == 0 && across > 0) ? 0 : 1) {}

  i64 step() const { return -down * subpixels; }
  i64 value(int column, int row) const { return across * (centre(row) - y) - down * (centre(column) - x); }

  // Narrows [first, end) to the pixels of this row that lie inside.
  void narrow(int row, int& first, int& end) const {
    const i64 start = value(0, row), rise = step();
    if (rise > 0) {
      first = static_cast<int>(std::clamp<i64>(-floor_divide(start - least, rise), first, end));
    } else if (rise < 0) {
      end = static_cast<int>(std::clamp<i64>(floor_divide(start - least, -rise) + 1, first, end));
    } else if (start < least) {
      end = first;
    }
  }
};

// A triangle turned clockwise (y grows downward), so that its area and all three weights inside are positive.
struct Triangle {
  Corner corners[3];
  Edge edges[3];  // each opposite to its corner
  i64 area;       // twice the area; the weights of a pixel add up to it

  Triangle(const Corner& a, const Corner& b, const Corner& c)
      : corners{a, b, c},
        edges{{b, c}, {c, a}, {a, b}},
        area(edges[2].across * (i64{c.y} - a.y) - edges[2].down * (i64{c.x} - a.x)) {}
};

void fill_rows(const Target& target, const Triangle& triangle, auto&& fill) {
  const auto [a, b, c] = triangle.corners;
  const int top = std::max(target.clip.top, first_pixel(std::min({a.y, b.y, c.y})));
  const int bottom = std::min(target.clip.bottom, first_pixel(std::max({a.y, b.y, c.y})));
  const int left = std::max(target.clip.left, first_pixel(std::min({a.x, b.x, c.x})));
  const int right = std::min(target.clip.right, first_pixel(std::max({a.x, b.x, c.x})) + 1);
  for (int y = top; y < bottom; ++y) {
    int first = left, end = right;
    for (const Edge& edge : triangle.edges) {
      if (first >= end) break;
      edge.narrow(y, first, end);
    }
    if (first < end) fill(row_of(target, y), y, first, end);
  }
}

// A colour channel along a row: numerator over area, the numerator growing by the same step from pixel to pixel.
struct Slope {
  i64 numerator = 0, step = 0;
};

Slope slope_of(const Triangle& triangle, int index, int x, int y) {
  Slope slope{triangle.area / 2, 0};  // rounds to the nearest
  for (int corner = 0; corner < 3; ++corner) {
    const i64 value = channel(triangle.corners[corner].colour, index);
    slope.numerator += value * triangle.edges[corner].value(x, y);
    slope.step += value * triangle.edges[corner].step();
  }
  return slope;
}

// The colours of a row's pixels, one after the other.
class Colours {
 public:
  Colours(const Triangle& triangle, int x, int y) : area_(static_cast<u64>(triangle.area)) {
    const u32 a = triangle.corners[0].colour, b = triangle.corners[1].colour, c = triangle.corners[2].colour;
    fixed_ = a;
    for (int index = 0; index < 4; ++index) {
      if (channel(a ^ b, index) == 0 && channel(a ^ c, index) == 0) continue;
      fixed_ &= ~(255u << (8 * index));
      shift_[count_] = 8 * index;
      slope_[count_++] = slope_of(triangle, index, x, y);
    }
  }
  u32 next() {
    u32 result = fixed_;
    for (int index = 0; index < count_; ++index) {
      result |= static_cast<u32>(static_cast<u64>(slope_[index].numerator) / area_) << shift_[index];
      slope_[index].numerator += slope_[index].step;
    }
    return result;
  }

 private:
  u64 area_;
  u32 fixed_ = 0;  // the channels that are the same all over the triangle
  int count_ = 0;
  int shift_[4]{};
  Slope slope_[4]{};
};

// Where a row's pixels lie in the texture. Weights of a huge triangle lose low bits, so that the products fit.
class Places {
 public:
  Places(const Triangle& triangle, int x, int y)
      : triangle_(triangle),
        shift_(std::max(0, static_cast<int>(std::bit_width(static_cast<u64>(triangle.area))) - 36)) {
    for (int corner = 0; corner < 3; ++corner) weight_[corner] = triangle.edges[corner].value(x, y);
  }
  u32 next(const SoftwareTexture& texture) {
    i64 u = 0, v = 0;
    for (int corner = 0; corner < 3; ++corner) {
      u += (weight_[corner] >> shift_) * triangle_.corners[corner].u;
      v += (weight_[corner] >> shift_) * triangle_.corners[corner].v;
      weight_[corner] += triangle_.edges[corner].step();
    }
    const i64 area = triangle_.area >> shift_;
    return sample(texture, static_cast<i32>(floor_divide(u + area / 2, area)),
                  static_cast<i32>(floor_divide(v + area / 2, area)));
  }

 private:
  const Triangle& triangle_;
  int shift_;
  i64 weight_[3]{};
};

bool same_place(const Corner& one, const Corner& other) { return one.u == other.u && one.v == other.v; }

// The texture coordinate at a pixel's centre, between the two ends of a rectangle's side.
i32 between(int pixel, i32 from, i32 to, i32 texture_from, i32 texture_to) {
  const i64 length = i64{to} - from, texture_length = i64{texture_to} - texture_from;
  return texture_from +
         static_cast<i32>(floor_divide((centre(pixel) - from) * texture_length * 2 + length, 2 * length));
}

// Texels copied one to one: what upright text at whole pixels is made of.
void copy_texels(const Target& target, const PixelRectangle& area, u32 colour_, int texel_x, int texel_y) {
  const SoftwareTexture& texture = target.texture;
  for (int y = area.top; y < area.bottom; ++y) {
    u32* row = row_of(target, y);
    for (int x = area.left; x < area.right; ++x) {
      const u32 found =
          texel(texture, std::clamp(x + texel_x, 0, texture.width - 1), std::clamp(y + texel_y, 0, texture.height - 1));
      if (found >> 24 != 0) put(row[x], modulate(colour_, found));
    }
  }
}

void stretch_texture(const Target& target, const PixelRectangle& area, const Corner& one, const Corner& other) {
  std::vector<i32> columns;
  for (int x = area.left; x < area.right; ++x) columns.push_back(between(x, one.x, other.x, one.u, other.u));
  for (int y = area.top; y < area.bottom; ++y) {
    u32* row = row_of(target, y);
    const i32 v = between(y, one.y, other.y, one.v, other.v);
    for (int x = area.left; x < area.right; ++x)
      put(row[x], modulate(one.colour, sample(target.texture, columns[static_cast<std::size_t>(x - area.left)], v)));
  }
}

}  // namespace

void fill_triangle(const Target& target, Corner a, Corner b, Corner c) {
  if ((a.colour | b.colour | c.colour) >> 24 == 0) return;
  Triangle triangle(a, b, c);
  if (triangle.area == 0) return;
  if (triangle.area < 0) triangle = Triangle(a, c, b);
  const bool one_texel = same_place(a, b) && same_place(a, c);
  const u32 tint = one_texel ? sample(target.texture, a.u, a.v) : white;
  if (one_texel && a.colour == b.colour && a.colour == c.colour) {
    const u32 colour_ = modulate(a.colour, tint);
    fill_rows(target, triangle, [&](u32* row, int, int first, int end) { fill_span(row, first, end, colour_); });
  } else if (one_texel) {
    fill_rows(target, triangle, [&](u32* row, int y, int first, int end) {
      Colours colours(triangle, first, y);
      for (int x = first; x < end; ++x) put(row[x], modulate(colours.next(), tint));
    });
  } else {
    fill_rows(target, triangle, [&](u32* row, int y, int first, int end) {
      Colours colours(triangle, first, y);
      Places places(triangle, first, y);
      for (int x = first; x < end; ++x) put(row[x], modulate(colours.next(), places.next(target.texture)));
    });
  }
}

void fill_rectangle(const Target& target, Corner one, Corner other) {
  if (one.x > other.x) std::swap(one.x, other.x), std::swap(one.u, other.u);
  if (one.y > other.y) std::swap(one.y, other.y), std::swap(one.v, other.v);
  const PixelRectangle area{
      std::max(target.clip.left, first_pixel(one.x)), std::max(target.clip.top, first_pixel(one.y)),
      std::min(target.clip.right, first_pixel(other.x)), std::min(target.clip.bottom, first_pixel(other.y))};
  if (one.colour >> 24 == 0 || area.left >= area.right || area.top >= area.bottom) return;
  if (same_place(one, other) || target.texture.width <= 0 || target.texture.height <= 0) {
    const u32 colour_ = modulate(one.colour, sample(target.texture, one.u, one.v));
    for (int y = area.top; y < area.bottom; ++y) fill_span(row_of(target, y), area.left, area.right, colour_);
    return;
  }
  const i32 across = one.u - one.x, down = one.v - one.y;
  const bool same_size = other.u - other.x == across && other.v - other.y == down;
  if (same_size && (across & 255) == 0 && (down & 255) == 0) {
    copy_texels(target, area, one.colour, across >> 8, down >> 8);
  } else {
    stretch_texture(target, area, one, other);
  }
}

}  // namespace trapline::window
