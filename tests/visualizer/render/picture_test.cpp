// PNG there and back, and files that are none.
#include "visualizer/render/picture.h"

#include <doctest/doctest.h>

#include "base/temporary_folder.h"
#include "random.h"

using namespace trapline;
using namespace trapline::window;

namespace {

Picture noise(int width, int height, u32 opaque) {
  test::Random random{7};
  Picture picture(width, height, 0);
  for (u32& pixel : picture.rgba) pixel = static_cast<u32>(random.next()) | opaque;
  return picture;
}

void set_big_endian(std::string& bytes, std::size_t at, u32 value) {
  for (int index = 0; index < 4; ++index) bytes[at++] = static_cast<char>(value >> (24 - 8 * index));
}

u32 crc_of(const std::string& bytes) {
  u32 crc = ~0u;
  for (char byte : bytes) {
    crc ^= static_cast<u8>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

}  // namespace

TEST_CASE("a picture comes back from PNG as it was, with and without transparency") {
  for (u32 opaque : {0u, 0xff000000u}) {
    const Picture picture = noise(37, 19, opaque);
    const auto bytes = encode_png(picture);
    REQUIRE(bytes.ok());
    CHECK(*bytes == *encode_png(picture));
    CHECK(bytes->find("tIME") == std::string::npos);
    const auto back = decode_png(*bytes);
    REQUIRE(back.ok());
    CHECK(*back == picture);
  }
}

TEST_CASE("a picture comes back from a file, and what goes wrong there is a sentence") {
  const TemporaryFolder temporary("render");
  const std::filesystem::path folder = temporary.path();
  const std::string path = folder / "picture.png";
  const Picture picture = noise(5, 3, 0xff000000);
  REQUIRE(write_png(picture, path).ok());
  CHECK(*read_png(path) == picture);
  CHECK(read_png(folder / "none.png").error().sentence.find("none.png") != std::string::npos);
  CHECK_FALSE(read_png(folder).ok());
  CHECK(write_png(picture, folder / "no" / "where.png").error().kind == ErrorKind::usage);
  CHECK_FALSE(write_png(Picture(0, 4, 0), path).ok());
  CHECK_FALSE(write_png(Picture(16385, 1, 0), path).ok());
}

TEST_CASE("a cut file is refused at every length") {
  const std::string whole = *encode_png(noise(9, 9, 0));
  // The last chunk, IEND, says nothing about pixels: twelve bytes from the end all of them are there.
  for (std::size_t length = 0; length + 12 < whole.size(); ++length)
    REQUIRE_FALSE(decode_png(whole.substr(0, length)).ok());
}

TEST_CASE("garbage and flipped bits never crash") {
  test::Random random{11};
  const std::string whole = *encode_png(noise(16, 16, 0));
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = whole;
    for (u64 flips = random.next() % 4 + 1; flips > 0; --flips)
      bytes[random.next() % bytes.size()] ^= static_cast<char>(1 << random.next() % 8);
    const auto picture = decode_png(bytes);
    if (picture.ok()) REQUIRE(picture->rgba.size() == std::size_t(picture->width) * std::size_t(picture->height));
  }
  for (int round = 0; round < 200; ++round) {
    std::string bytes = round % 2 == 0 ? whole.substr(0, 8) : "";
    for (u64 length = random.next() % 300; length > 0; --length) bytes += static_cast<char>(random.next());
    REQUIRE_FALSE(decode_png(bytes).ok());
  }
}

TEST_CASE("a header that claims a giant is refused before memory is asked for") {
  for (const auto& [width, height] :
       {std::pair{16385u, 1u}, {1u, 16385u}, {16384u, 16384u}, {0x7fffffffu, 0x7fffffffu}}) {
    std::string bytes = *encode_png(noise(4, 4, 0));
    set_big_endian(bytes, 16, width);
    set_big_endian(bytes, 20, height);
    set_big_endian(bytes, 29, crc_of(bytes.substr(12, 17)));  // so that the header itself is sound
    CHECK_FALSE(decode_png(bytes).ok());
  }
}
