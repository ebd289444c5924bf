#include "visualizer/model/layout.h"

#include <doctest/doctest.h>

using namespace trapline::window;

namespace {

double shares(const Layout& layout) {
  double sum = 0;
  for (const Layout::Part& part : layout.parts) sum += part.share;
  return sum;
}

}  // namespace

TEST_CASE("a layout is read from its text and written back") {
  for (const char* text : {"events", "events+walk*+tlb", "columns(30 events, 70 rows(50 walk+tlb*, 50 console))"}) {
    const auto layout = layout_in(text);
    REQUIRE(layout);
    CHECK(text_of(*layout) == text);
  }
}

TEST_CASE("text that is no layout gives none") {
  for (const char* text : {"", "rows()", "rows(50)", "rows(50 a", "columns(0 a)", "a+", "a b", "Rows(50 a)",
                           "rows(50 a))", "rows(50 rows(50 rows(50 rows(50 rows(50 rows(50 rows(50 rows(50 a))))))))"})
    CHECK_FALSE(layout_in(text));
}

TEST_CASE("shares add up to the whole, also after a border has moved as far as it goes") {
  auto layout = layout_in("columns(10 a, 20 b, 30 c)");
  REQUIRE(layout);
  CHECK(shares(*layout) == doctest::Approx(1));
  move_border(*layout, 0, 5);
  CHECK(shares(*layout) == doctest::Approx(1));
  CHECK(layout->parts[1].share == doctest::Approx(0.05));
  move_border(*layout, 2, 0.1);
  CHECK(layout->parts[2].share == doctest::Approx(0.5));
}

TEST_CASE("a panel grows at the cost of its neighbour, in the innermost split of the kind asked for") {
  auto layout = layout_in("rows(50 a, 50 columns(40 b, 60 rows(50 c, 50 d+e)))");
  REQUIRE(layout);
  CHECK(resize_panel(*layout, "b", Layout::Kind::columns, 0.1));
  CHECK(text_of(*layout) == "rows(50 a, 50 columns(50 b, 50 rows(50 c, 50 d+e)))");
  CHECK(resize_panel(*layout, "e", Layout::Kind::rows, 0.1));
  CHECK(text_of(*layout) == "rows(50 a, 50 columns(50 b, 50 rows(40 c, 60 d+e)))");
  CHECK(resize_panel(*layout, "b", Layout::Kind::rows, 0.1));
  CHECK(text_of(*layout) == "rows(40 a, 60 columns(50 b, 50 rows(40 c, 60 d+e)))");
  CHECK(resize_panel(*layout, "c", Layout::Kind::columns, 0.1));
  CHECK(text_of(*layout) == "rows(40 a, 60 columns(40 b, 60 rows(40 c, 60 d+e)))");
  const std::string before = text_of(*layout);
  CHECK_FALSE(resize_panel(*layout, "a", Layout::Kind::columns, 0.1));
  CHECK_FALSE(resize_panel(*layout, "none", Layout::Kind::rows, 0.1));
  CHECK(text_of(*layout) == before);
}

TEST_CASE("a view is brought up where it is, and joins the largest leaf where it is not") {
  auto layout = layout_in("columns(30 a+b, 70 c)");
  REQUIRE(layout);
  REQUIRE(bring_up(*layout, "b") != nullptr);
  CHECK(text_of(*layout) == "columns(30 a+b*, 70 c)");
  CHECK(bring_up(*layout, "d") == nullptr);
  add_view(*layout, "d");
  CHECK(text_of(*layout) == "columns(30 a+b*, 70 c+d*)");
}

TEST_CASE("every preset is a layout") {
  for (const LayoutPreset& preset : layout_presets()) {
    CAPTURE(preset.name);
    const auto layout = layout_in(preset.layout);
    REQUIRE(layout);
    CHECK(text_of(*layout) == std::string(preset.layout));
  }
}
