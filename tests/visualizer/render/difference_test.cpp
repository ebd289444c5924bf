// What differs is counted, boxed and shown.
#include "visualizer/render/difference.h"

#include <doctest/doctest.h>

using namespace trapline;
using namespace trapline::window;

namespace {

constexpr u32 paper = colour(10, 20, 30), ink = colour(200, 100, 50), magenta = colour(255, 0, 255);

}  // namespace

TEST_CASE("equal pictures are equal, down to alpha") {
  const Picture picture(4, 4, paper);
  CHECK(compare(picture, picture).equal());
  CHECK(describe(compare(picture, picture)) == "The pictures are equal.");
  Picture other = picture;
  other.at(3, 3) = colour(10, 20, 30, 254);
  CHECK(compare(picture, other).pixels == 1);
}

TEST_CASE("differing pixels are counted and boxed") {
  const Picture approved(20, 10, paper);
  Picture now = approved;
  now.at(5, 2) = now.at(9, 7) = now.at(6, 3) = ink;
  const Difference found = compare(approved, now);
  CHECK_FALSE(found.equal());
  CHECK(found.pixels == 3);
  CHECK(found.left == 5);
  CHECK(found.top == 2);
  CHECK(found.right == 10);
  CHECK(found.bottom == 8);
  CHECK(describe(found) == "3 pixels differ, all within x 5 to 10, y 2 to 8.");
}

TEST_CASE("a picture of another size differs where only one of them has pixels") {
  const Difference found = compare(Picture(6, 4, paper), Picture(5, 6, paper));
  CHECK_FALSE(found.same_size);
  CHECK(found.pixels == 4 + 10);  // a column of the one, two rows of the other; the corner is nobody's
  CHECK(found.right == 6);
  CHECK(found.bottom == 6);
  const Difference empty = compare(Picture(), Picture(2, 1, paper));
  CHECK(empty.pixels == 2);
  CHECK_FALSE(compare(Picture(0, 3, 0), Picture(0, 4, 0)).equal());
}

TEST_CASE("the difference picture shows approved, now, and where they part") {
  const Picture approved(30, 20, paper);
  Picture now = approved;
  now.at(15, 10) = ink;
  const Picture shown = difference_picture(approved, now);
  CHECK(shown.width == 3 * 30 + 2 * 8);
  CHECK(shown.height == 20);
  CHECK(shown.at(15, 10) == paper);
  CHECK(shown.at(38 + 15, 10) == ink);
  CHECK(shown.at(76 + 15, 10) == magenta);
  int strong = 0;
  for (u32 pixel : shown.rgba) strong += pixel == magenta;
  CHECK(strong == 1);
  CHECK(shown.at(76 + 11, 6) == shown.at(76 + 19, 14));  // the frame's corners
  CHECK(shown.at(76 + 11, 6) != shown.at(76 + 2, 2));
}

TEST_CASE("the difference picture of other sizes, and of nothing, can be made") {
  const Picture shown = difference_picture(Picture(6, 4, paper), Picture(9, 3, ink));
  CHECK(shown.width == 6 + 8 + 9 + 8 + 9);
  CHECK(shown.height == 4);
  CHECK(difference_picture(Picture(), Picture()).height == 0);
}
