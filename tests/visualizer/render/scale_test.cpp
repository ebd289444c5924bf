// Making a picture smaller: the mean of each area, rounded once, whatever the ratio of the sizes.
#include "visualizer/render/scale.h"

#include <doctest/doctest.h>

#include "random.h"

using namespace trapline;
using namespace trapline::window;

namespace {

Picture noise(int width, int height, u32 opaque) {
  test::Random random{5};
  Picture picture(width, height, 0);
  for (u32& pixel : picture.rgba) pixel = static_cast<u32>(random.next()) | opaque;
  return picture;
}

// The definition, pixel by pixel: overlaps in parts of which an old pixel has `new side` and a new one `old side`.
u32 mean_of(const Picture& picture, PictureSize size, int at_x, int at_y) {
  const auto overlap = [](i64 old_at, i64 old_side, i64 new_at, i64 new_side) {
    return std::max(i64{0}, std::min((old_at + 1) * new_side, (new_at + 1) * old_side) -
                                std::max(old_at * new_side, new_at * old_side));
  };
  u64 sums[4] = {}, area = 0;
  for (int y = 0; y < picture.height; ++y)
    for (int x = 0; x < picture.width; ++x) {
      const auto weight =
          static_cast<u64>(overlap(x, picture.width, at_x, size.width) * overlap(y, picture.height, at_y, size.height));
      const u64 opacity = weight * channel(picture.at(x, y), 3);
      for (int index = 0; index < 3; ++index) sums[index] += opacity * channel(picture.at(x, y), index);
      sums[3] += opacity;
      area += weight;
    }
  u32 pixel = static_cast<u32>((sums[3] + area / 2) / area) << 24;
  for (int index = 0; index < 3 && sums[3] > 0; ++index)
    pixel |= static_cast<u32>((sums[index] + sums[3] / 2) / sums[3]) << (8 * index);
  return pixel;
}

}  // namespace

TEST_CASE("halved, a pixel is the mean of four") {
  Picture picture(4, 2, colour(0, 0, 0));
  picture.at(0, 0) = picture.at(1, 0) = picture.at(0, 1) = picture.at(1, 1) = colour(10, 20, 30);
  picture.at(2, 0) = colour(255, 255, 255);
  const Picture half = scaled_down(picture, {2, 1});
  REQUIRE(half.width == 2);
  REQUIRE(half.height == 1);
  CHECK(half.at(0, 0) == colour(10, 20, 30));
  CHECK(half.at(1, 0) == colour(64, 64, 64));
}

TEST_CASE("what is transparent lends no colour") {
  Picture picture(2, 1, colour(200, 100, 50));
  picture.at(1, 0) = colour(0, 255, 0, 0);
  CHECK(scaled_down(picture, {1, 1}).at(0, 0) == colour(200, 100, 50, 128));
  picture.at(0, 0) = 0;
  CHECK(scaled_down(picture, {1, 1}).at(0, 0) == 0);
}

TEST_CASE("any size is the mean of its areas") {
  for (const u32 opaque : {0u, 0xff000000u})
    for (const PictureSize size : {PictureSize{7, 5}, {12, 8}, {1, 1}, {13, 1}, {1, 9}, {6, 9}, {13, 4}}) {
      const Picture picture = noise(13, 9, opaque), smaller = scaled_down(picture, size);
      REQUIRE(smaller.width == size.width);
      REQUIRE(smaller.height == size.height);
      for (int y = 0; y < size.height; ++y)
        for (int x = 0; x < size.width; ++x) REQUIRE(smaller.at(x, y) == mean_of(picture, size, x, y));
    }
}

TEST_CASE("no side grows, none vanishes, one colour stays that colour") {
  const Picture picture = noise(5, 3, 0);
  CHECK(scaled_down(picture, {5, 3}) == picture);
  CHECK(scaled_down(picture, {500, 300}) == picture);
  const Picture least = scaled_down(picture, {0, -7});
  CHECK(least.width == 1);
  CHECK(least.height == 1);
  CHECK(scaled_down(Picture(), {4, 4}) == Picture());
  CHECK(scaled_down(Picture(1280, 800, colour(17, 255, 1)), {411, 257}) == Picture(411, 257, colour(17, 255, 1)));
}
