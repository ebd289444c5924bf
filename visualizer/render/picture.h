// A picture in memory, and its way to and from a PNG file. The same pixels always give the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/integers.h"
#include "base/result.h"

namespace trapline::window {

// No side is longer, no area larger: a few bytes of a hostile file must not make us ask for gigabytes.
inline constexpr int longest_side = 16384;
inline constexpr i64 largest_area = i64{1} << 26;

// Colours are written as Dear ImGui packs them: red in the low byte, then green, blue, alpha.
constexpr u32 colour(u32 red, u32 green, u32 blue, u32 alpha = 255) {
  return red | green << 8 | blue << 16 | alpha << 24;
}
constexpr u32 channel(u32 rgba, int index) { return rgba >> (8 * index) & 255; }

struct Picture {
  int width = 0;
  int height = 0;
  std::vector<u32> rgba;  // row after row from the top

  Picture() = default;
  Picture(int wide, int high, u32 background);

  u32 at(int x, int y) const { return rgba[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + x]; }
  u32& at(int x, int y) { return rgba[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + x]; }
  friend bool operator==(const Picture&, const Picture&) = default;
};

struct PictureSize {
  int width = 0, height = 0;
  friend bool operator==(const PictureSize&, const PictureSize&) = default;
};

Result<std::string> encode_png(const Picture& picture);
Result<Picture> decode_png(const std::string& bytes);
// What the header says, before any pixel is unpacked.
Result<PictureSize> size_of_png(const std::string& bytes);

Result<> write_png(const Picture& picture, const std::string& path);
Result<Picture> read_png(const std::string& path);
// The file as it is. Errors name it: not there, no file, more than `most` bytes.
Result<std::string> read_picture_file(const std::string& path, std::uintmax_t most);

}  // namespace trapline::window
