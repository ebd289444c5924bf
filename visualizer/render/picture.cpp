// libpng's simplified interface keeps its long jumps to itself and answers with a flag and a sentence, so no destructor
// of ours is ever jumped over. It writes no time; its compression settings are libpng's own, the same in every run.
#include "visualizer/render/picture.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <png.h>

namespace trapline::window {

static_assert(std::endian::native == std::endian::little, "Picture::rgba is handed to libpng as bytes R, G, B, A");

namespace {

// A picture of 16384 x 4096 pixels without any compression takes less.
constexpr std::uintmax_t largest_file = std::uintmax_t{300} << 20;

// Owns what libpng holds for one image; png_image_free may be called in every state.
struct Image {
  png_image png{};
  Image() { png.version = PNG_IMAGE_VERSION; }
  ~Image() { png_image_free(&png); }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
};

bool size_fits(i64 width, i64 height) {
  return width > 0 && height > 0 && width <= longest_side && height <= longest_side && width * height <= largest_area;
}

std::string size_text(i64 width, i64 height) { return std::to_string(width) + " x " + std::to_string(height); }

// Three bytes per pixel where nothing is transparent, as in every screenshot: a quarter less to pack and to keep.
std::vector<u8> opaque_bytes(const Picture& picture) {
  std::vector<u8> bytes;
  bytes.reserve(picture.rgba.size() * 3);
  for (u32 pixel : picture.rgba)
    for (int index = 0; index < 3; ++index) bytes.push_back(static_cast<u8>(channel(pixel, index)));
  return bytes;
}

// The image points into the bytes from now on.
Result<> begin_reading(Image& image, const std::string& bytes) {
  if (!png_image_begin_read_from_memory(&image.png, bytes.data(), bytes.size()))
    return usage_error(std::string("This is no readable PNG picture: ") + image.png.message + ".");
  if (!size_fits(image.png.width, image.png.height))
    return usage_error("The PNG picture says it has " + size_text(image.png.width, image.png.height) +
                       " pixels, more than Trapline reads (16384 a side, 67 million in all): scale it down.");
  return {};
}

}  // namespace

Picture::Picture(int wide, int high, u32 background) : width(wide), height(high) {
  assert(wide >= 0 && high >= 0);
  rgba.assign(static_cast<std::size_t>(wide) * static_cast<std::size_t>(high), background);
}

Result<std::string> encode_png(const Picture& picture) {
  if (!size_fits(picture.width, picture.height))
    return usage_error("A picture of " + size_text(picture.width, picture.height) +
                       " pixels cannot be written: choose a size from 1 x 1 up to 16384 x 4096.");
  assert(picture.rgba.size() == static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height));
  const bool opaque =
      std::all_of(picture.rgba.begin(), picture.rgba.end(), [](u32 pixel) { return pixel >> 24 == 255; });
  Image image;
  image.png.width = static_cast<png_uint_32>(picture.width);
  image.png.height = static_cast<png_uint_32>(picture.height);
  image.png.format = opaque ? PNG_FORMAT_RGB : PNG_FORMAT_RGBA;
  // No filters: flat panels and repeated letters pack better without them, by a seventh, and sooner.
  image.png.flags |= PNG_IMAGE_FLAG_FAST;
  const std::vector<u8> packed = opaque ? opaque_bytes(picture) : std::vector<u8>{};
  const void* pixels = opaque ? static_cast<const void*>(packed.data()) : picture.rgba.data();
  // libpng refuses a buffer that is too small, so it gets the largest it may need and says what it took.
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image.png);
  std::string bytes(size, '\0');
  if (!png_image_write_to_memory(&image.png, bytes.data(), &size, 0, pixels, 0, nullptr))
    return internal_error(std::string("libpng could not pack the picture: ") + image.png.message + ".");
  bytes.resize(size);
  return bytes;
}

Result<PictureSize> size_of_png(const std::string& bytes) {
  Image image;
  if (auto begun = begin_reading(image, bytes); !begun) return begun.error();
  return PictureSize{static_cast<int>(image.png.width), static_cast<int>(image.png.height)};
}

Result<Picture> decode_png(const std::string& bytes) {
  Image image;
  if (auto begun = begin_reading(image, bytes); !begun) return begun.error();
  image.png.format = PNG_FORMAT_RGBA;
  Picture picture(static_cast<int>(image.png.width), static_cast<int>(image.png.height), 0);
  if (!png_image_finish_read(&image.png, nullptr, picture.rgba.data(), 0, nullptr))
    return usage_error(std::string("The PNG picture is damaged: ") + image.png.message + ".");
  return picture;
}

Result<> write_png(const Picture& picture, const std::string& path) {
  Result<std::string> bytes = encode_png(picture);
  if (!bytes) return bytes.error();
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes->data(), static_cast<std::streamsize>(bytes->size()));
  file.close();
  if (!file) return usage_error("Cannot write the picture to " + path + ": see that the folder is there and has room.");
  return {};
}

Result<std::string> read_picture_file(const std::string& path, std::uintmax_t most) {
  std::error_code trouble;
  const auto size = std::filesystem::file_size(path, trouble);  // answers for files only
  if (trouble) return usage_error("Cannot read the picture " + path + ": " + trouble.message() + ".");
  if (size > most)
    return usage_error("The picture " + path + " has more than " + std::to_string(most >> 20) + " MB: scale it down.");
  std::ifstream file(path, std::ios::binary);
  std::string bytes(size, '\0');
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size)))
    return usage_error("Cannot read the picture " + path + ": see that it is a file you may read.");
  return bytes;
}

Result<Picture> read_png(const std::string& path) {
  const Result<std::string> bytes = read_picture_file(path, largest_file);
  if (!bytes) return bytes.error();
  Result<Picture> picture = decode_png(*bytes);
  if (!picture) return Error{picture.error().kind, path + ": " + picture.error().sentence};
  return picture;
}

}  // namespace trapline::window
