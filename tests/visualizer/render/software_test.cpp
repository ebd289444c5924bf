// The rasterizer against triangles and rectangles whose pixels can be told by hand.
#include "visualizer/render/software.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <doctest/doctest.h>
#include <limits>

#include "random.h"
#include "shapes.h"
#include "visualizer/render/blend.h"

using namespace trapline;
using namespace trapline::window;
using trapline::window::test::black;
using trapline::window::test::Shapes;

namespace {

constexpr u32 half_white = colour(255, 255, 255, 128);

int count(const Picture& picture, u32 pixel) {
  return static_cast<int>(std::count(picture.rgba.begin(), picture.rgba.end(), pixel));
}

// '#' where the pixel is not the background.
std::vector<std::string> shape(const Picture& picture, u32 background = black) {
  std::vector<std::string> rows;
  for (int y = 0; y < picture.height; ++y) {
    rows.emplace_back();
    for (int x = 0; x < picture.width; ++x) rows.back() += picture.at(x, y) == background ? '.' : '#';
  }
  return rows;
}

}  // namespace

TEST_CASE("blending rounds to the nearest, in every channel and for every alpha") {
  int wrong = 0;
  for (u32 alpha = 0; alpha < 256; ++alpha) {
    for (u32 above = 0; above < 256; above += 5) {
      for (u32 below = 0; below < 256; below += 3) {
        const auto nearest = [&](u32 lower, u32 upper) {
          return static_cast<u32>(std::lround((lower * (255 - alpha) + upper * alpha) / 255.0));
        };
        const u32 expected =
            colour(nearest(below, above), nearest(255 - below, above / 3), nearest(below / 2, 255 - above));
        wrong += blend(colour(below, 255 - below, below / 2), colour(above, above / 3, 255 - above, alpha)) != expected;
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(channel(blend(colour(0, 0, 0, 0), colour(9, 9, 9, 100)), 3) == 100);
}

TEST_CASE("a triangle has the pixels whose centres it holds, top and left edges included") {
  // The slanted edge runs through centres: it is a right edge, so they are outside.
  CHECK(shape(Shapes(5, 5).triangle({0, 0}, {4, 0}, {0, 4}, half_white).draw()) ==
        std::vector<std::string>{"###..", "##...", "#....", ".....", "....."});
  // Turned around, the same edge is the left one: they are inside.
  CHECK(shape(Shapes(5, 5).triangle({4, 0}, {4, 4}, {0, 4}, half_white).draw()) ==
        std::vector<std::string>{"...#.", "..##.", ".###.", "####.", "....."});
  // Edges through centres: left and top belong, right and bottom do not.
  CHECK(shape(Shapes(4, 4).triangle({0.5f, 0.5f}, {2.5f, 0.5f}, {0.5f, 2.5f}, half_white).draw()) ==
        std::vector<std::string>{"##..", "#...", "....", "...."});
  // The other way round it is the same triangle.
  CHECK(Shapes(5, 5).triangle({0, 0}, {0, 4}, {4, 0}, half_white).draw() ==
        Shapes(5, 5).triangle({0, 0}, {4, 0}, {0, 4}, half_white).draw());
  CHECK(count(Shapes(5, 5).triangle({0, 0}, {4, 4}, {2, 2}, half_white).draw(), black) == 25);
}

TEST_CASE("triangles around a common corner cover every pixel of their square exactly once") {
  const u32 once = blend(black, half_white);
  test::Random random{1};
  for (int round = 0; round < 300; ++round) {
    // Corners on the square's border in order, with fans from a point anywhere inside, at any 1/256 of a pixel.
    const auto place = [&] { return static_cast<float>(random.next() % (32 * 256)) / 256; };
    const ImVec2 middle(place(), place());
    const std::array<ImVec2, 8> border = {ImVec2(0, 0),   ImVec2(place(), 0),  ImVec2(32, 0), ImVec2(32, place()),
                                          ImVec2(32, 32), ImVec2(place(), 32), ImVec2(0, 32), ImVec2(0, place())};
    Shapes shapes(32, 32);
    for (std::size_t index = 0; index < border.size(); ++index)
      shapes.triangle(middle, border[index], border[(index + 1) % border.size()], half_white);
    REQUIRE(count(shapes.draw(), once) == 32 * 32);
  }
}

TEST_CASE("a rectangle of one colour is the two triangles it is made of") {
  test::Random random{2};
  for (int round = 0; round < 200; ++round) {
    const auto place = [&] { return static_cast<float>(random.next() % (24 * 256)) / 256 - 4; };
    const ImVec2 a(place(), place()), c(place(), place());
    const Picture whole = Shapes(16, 16).rectangle(a, c, {}, {}, half_white).draw();
    const Picture halves =
        Shapes(16, 16).triangle(a, {c.x, a.y}, c, half_white).triangle(a, c, {a.x, c.y}, half_white).draw();
    REQUIRE(whole == halves);
  }
}

TEST_CASE("colours go from corner to corner") {
  const u32 red = colour(255, 0, 0), blue = colour(0, 0, 255);
  const Picture picture =
      Shapes(256, 4)
          .add({{{0, 0}, {}, red}, {{256, 0}, {}, blue}, {{256, 4}, {}, blue}, {{0, 4}, {}, red}}, {0, 1, 2, 0, 2, 3})
          .draw();
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 256; ++x) {
      const double share = (x + 0.5) / 256;
      REQUIRE(channel(picture.at(x, y), 0) == static_cast<u32>(std::floor(255 * (1 - share) + 0.5)));
      REQUIRE(channel(picture.at(x, y), 1) == 0);
      REQUIRE(channel(picture.at(x, y), 2) == static_cast<u32>(std::floor(255 * share + 0.5)));
    }
  }
}

TEST_CASE("the clip rectangle cuts, wherever it lies") {
  const auto cut = [](float left, float top, float right, float bottom) {
    return shape(Shapes(4, 3).clip(left, top, right, bottom).rectangle({-9, -9}, {90, 90}, {}, {}, half_white).draw());
  };
  CHECK(cut(1, 1, 3, 2) == std::vector<std::string>{"....", ".##.", "...."});
  CHECK(cut(-5, -5, 2, 1) == std::vector<std::string>{"##..", "....", "...."});
  CHECK(cut(-5, -5, 99, 99) == std::vector<std::string>{"####", "####", "####"});
  CHECK(cut(3, 2, 1, 1) == std::vector<std::string>{"....", "....", "...."});
  CHECK(cut(std::nanf(""), 0, 4, 3) == std::vector<std::string>{"....", "....", "...."});
  CHECK(shape(Shapes(4, 3).clip(1, 0, 2, 9).triangle({-9, -9}, {90, -9}, {-9, 90}, half_white).draw()) ==
        std::vector<std::string>{".#..", ".#..", ".#.."});
}

TEST_CASE("texels come out as they are at whole pixels, and mixed between them") {
  SoftwareTexture texture{4, 2, {}, {}};
  for (u32 index = 0; index < 8; ++index) texture.rgba.push_back(colour(index * 30, 255 - index * 20, index, 255));
  Picture picture = Shapes(6, 4).texture(texture).rectangle({1, 1}, {5, 3}, {0, 0}, {1, 1}, test::white).draw();
  for (int y = 0; y < 2; ++y)
    for (int x = 0; x < 4; ++x) CHECK(picture.at(x + 1, y + 1) == texture.rgba[static_cast<std::size_t>(y * 4 + x)]);
  CHECK(count(picture, black) == 24 - 8);

  // Mirrored: the left end shows the right texels.
  picture = Shapes(4, 2).texture(texture).rectangle({0, 0}, {4, 2}, {1, 0}, {0, 1}, test::white).draw();
  for (int x = 0; x < 4; ++x) CHECK(picture.at(x, 0) == texture.rgba[static_cast<std::size_t>(3 - x)]);

  // Half a pixel aside every pixel is the middle of two texels; the edge repeats itself.
  picture = Shapes(5, 2).texture(texture).rectangle({0.5f, 0}, {4.5f, 2}, {0, 0}, {1, 1}, test::white).draw();
  CHECK(channel(picture.at(0, 0), 0) == 0);
  CHECK(channel(picture.at(1, 0), 0) == 15);
  CHECK(channel(picture.at(3, 0), 0) == 75);

  // A colour tints, as does an atlas that has opacity only.
  picture = Shapes(4, 2).texture(texture).rectangle({0, 0}, {4, 2}, {0, 0}, {1, 1}, colour(255, 0, 255)).draw();
  CHECK(picture.at(2, 0) == colour(60, 0, 2));
  const SoftwareTexture opacity{2, 1, {255, 51}, {}};
  picture = Shapes(2, 1).texture(opacity).rectangle({0, 0}, {2, 1}, {0, 0}, {1, 1}, colour(200, 100, 0)).draw();
  CHECK(picture.at(0, 0) == colour(200, 100, 0));
  CHECK(picture.at(1, 0) == colour(40, 20, 0));
}

TEST_CASE("a textured triangle shows what the rectangle shows") {
  SoftwareTexture texture{8, 8, {}, {}};
  for (u32 index = 0; index < 64; ++index) texture.alpha.push_back(static_cast<u8>(index * 4));
  const ImVec2 a(1, 1), b(9, 1), c(9, 9), d(1, 9);
  Shapes triangles(10, 10);
  triangles.texture(texture)
      .add({{a, {0, 0}, test::white}, {b, {1, 0}, test::white}, {c, {1, 1}, test::white}}, {0, 1, 2})
      .add({{a, {0, 0}, test::white}, {c, {1, 1}, test::white}, {d, {0, 1}, test::white}}, {0, 1, 2});
  CHECK(triangles.draw() == Shapes(10, 10).texture(texture).rectangle(a, c, {0, 0}, {1, 1}, test::white).draw());
}

TEST_CASE("a textured rectangle, stretched or turned over, is the two triangles it is made of") {
  test::Random random{4};
  SoftwareTexture texture{7, 5, {}, {}};
  for (int index = 0; index < 35; ++index) texture.rgba.push_back(static_cast<u32>(random.next()));
  for (int round = 0; round < 200; ++round) {
    const auto place = [&] { return static_cast<float>(random.next() % (24 * 256)) / 256 - 4; };
    const auto part = [&] { return static_cast<float>(random.next() % 17) / 16; };
    const ImVec2 a(place(), place()), c(place(), place()), uv_a(part(), part()), uv_c(part(), part());
    const ImDrawVert b{{c.x, a.y}, {uv_c.x, uv_a.y}, half_white}, d{{a.x, c.y}, {uv_a.x, uv_c.y}, half_white};
    Shapes halves(16, 16);
    halves.texture(texture)
        .add({{a, uv_a, half_white}, b, {c, uv_c, half_white}}, {0, 1, 2})
        .add({{a, uv_a, half_white}, {c, uv_c, half_white}, d}, {0, 1, 2});
    REQUIRE(Shapes(16, 16).texture(texture).rectangle(a, c, uv_a, uv_c, half_white).draw() == halves.draw());
  }
}

TEST_CASE("coordinates from nowhere neither crash nor spread") {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (float wrong : {nan, infinity, -infinity, 3e38f, -3e38f, 1e-40f}) {
    Shapes shapes(8, 8);
    shapes.triangle({wrong, 0}, {4, 0}, {0, 4}, half_white).triangle({0, 0}, {4, wrong}, {0, 4}, half_white);
    shapes.rectangle({0, 0}, {wrong, wrong}, {0, 0}, {1, 1}, half_white);
    shapes.rectangle({0, 0}, {4, 4}, {wrong, 0}, {1, wrong}, half_white);
    shapes.add({{{wrong, 0}, {0, wrong}, 1}, {{4, 4}, {wrong, 0}, half_white}, {{0, 9}, {1, 1}, ~0u}}, {0, 1, 2});
    shapes.clip(wrong, wrong, 8, 8).rectangle({0, 0}, {4, 4}, {0, 0}, {1, 1}, half_white);
    CHECK(shapes.draw().rgba.size() == 64);
  }
  CHECK(count(Shapes(8, 8).triangle({nan, 0}, {4, 0}, {0, 4}, half_white).draw(), black) == 64);
  // A far corner is moved, and what it spans still covers the picture.
  CHECK(count(Shapes(8, 8).triangle({-1e9f, -1e9f}, {1e9f, -1e9f}, {0, 1e9f}, test::white).draw(), black) == 0);
}

TEST_CASE("any coordinates and textures stay within the picture and the texture") {
  test::Random random{3};
  SoftwareTexture texture{3, 5, std::vector<u8>(15, 200), {}};
  for (int round = 0; round < 400; ++round) {
    const auto any = [&] {
      return std::ldexp(static_cast<float>(static_cast<i64>(random.next() % 2001) - 1000),
                        static_cast<int>(random.next() % 40) - 20);
    };
    Shapes shapes(20, 20);
    shapes.texture(texture);
    shapes.add({{{any(), any()}, {any(), any()}, u32(random.next())},
                {{any(), any()}, {any(), any()}, u32(random.next())},
                {{any(), any()}, {any(), any()}, u32(random.next())}},
               {0, 1, 2});
    shapes.rectangle({any(), any()}, {any(), any()}, {any(), any()}, {any(), any()}, u32(random.next()));
    REQUIRE(shapes.draw().rgba.size() == 400);
  }
}

TEST_CASE("user callbacks are left alone and empty frames are empty") {
  Shapes::called() = false;
  CHECK(count(Shapes(2, 2).callback().draw(), black) == 4);
  CHECK_FALSE(Shapes::called());
  CHECK(Shapes(0, 5).rectangle({0, 0}, {9, 9}, {}, {}, test::white).draw().rgba.empty());
  CHECK(count(Shapes(2, 2).draw(black, SoftwareTexture{}), black) == 4);
}
