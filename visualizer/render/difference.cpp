// Every pixel counts: the renderer gives identical bytes everywhere, so there is no tolerance to choose.
#include "visualizer/render/difference.h"

#include <algorithm>

namespace trapline::window {

namespace {

constexpr u32 paper = colour(128, 128, 128), nothing_there = colour(96, 96, 96), strong = colour(255, 0, 255),
              frame_colour = colour(255, 140, 0);
constexpr int gap = 8, frame_distance = 4;

bool inside(const Picture& picture, int x, int y) { return x < picture.width && y < picture.height; }

bool differs(const Picture& one, const Picture& other, int x, int y) {
  const bool in_one = inside(one, x, y), in_other = inside(other, x, y);
  if (!in_one || !in_other) return in_one != in_other;
  return one.at(x, y) != other.at(x, y);
}

void paste(Picture& onto, const Picture& picture, int left) {
  for (int y = 0; y < picture.height; ++y)
    for (int x = 0; x < picture.width; ++x) onto.at(left + x, y) = picture.at(x, y) | 0xff000000;
}

// Half-way to light grey, without colour: what is the same stays readable and steps back.
u32 greyed_out(u32 pixel) {
  const u32 brightness = (channel(pixel, 0) * 77 + channel(pixel, 1) * 150 + channel(pixel, 2) * 29) >> 8;
  const u32 grey = 110 + brightness * 110 / 255;
  return colour(grey, grey, grey);
}

void frame_around(Picture& onto, const Difference& found, int left, int width, int height) {
  const int x0 = left + std::max(0, found.left - frame_distance);
  const int x1 = left + std::min(width, found.right + frame_distance) - 1;
  const int y0 = std::max(0, found.top - frame_distance), y1 = std::min(height, found.bottom + frame_distance) - 1;
  for (int x = x0; x <= x1; ++x) onto.at(x, y0) = onto.at(x, y1) = frame_colour;
  for (int y = y0; y <= y1; ++y) onto.at(x0, y) = onto.at(x1, y) = frame_colour;
}

}  // namespace

Difference compare(const Picture& approved, const Picture& now) {
  Difference found;
  found.same_size = approved.width == now.width && approved.height == now.height;
  if (found.same_size && approved.rgba == now.rgba) return found;
  const int width = std::max(approved.width, now.width), height = std::max(approved.height, now.height);
  found.left = width;
  found.top = height;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (!differs(approved, now, x, y)) continue;
      ++found.pixels;
      found.left = std::min(found.left, x);
      found.right = std::max(found.right, x + 1);
      found.top = std::min(found.top, y);
      found.bottom = y + 1;
    }
  }
  if (found.pixels == 0) found.left = found.top = 0;
  return found;
}

std::string describe(const Difference& difference) {
  if (difference.equal()) return "The pictures are equal.";
  return std::to_string(difference.pixels) + (difference.pixels == 1 ? " pixel differs" : " pixels differ") +
         ", all within x " + std::to_string(difference.left) + " to " + std::to_string(difference.right) + ", y " +
         std::to_string(difference.top) + " to " + std::to_string(difference.bottom) +
         (difference.same_size ? "." : "; the sizes differ too.");
}

Picture difference_picture(const Picture& approved, const Picture& now) {
  const Difference found = compare(approved, now);
  const int width = std::max(approved.width, now.width), height = std::max(approved.height, now.height);
  const int middle = approved.width + gap, right = middle + now.width + gap;
  Picture result(right + width, height, paper);
  paste(result, approved, 0);
  paste(result, now, middle);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const u32 same = inside(now, x, y) ? greyed_out(now.at(x, y)) : nothing_there;
      result.at(right + x, y) = differs(approved, now, x, y) ? strong : same;
    }
  }
  if (found.pixels > 0) frame_around(result, found, right, width, height);
  return result;
}

}  // namespace trapline::window
