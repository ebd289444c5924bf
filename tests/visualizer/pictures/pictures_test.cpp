// Every view at a moment of its own against its approved picture: one language, theme and size.
#include <doctest/doctest.h>

#include "pictures/approved.h"
#include "pictures/cases.h"
#include "pictures/within.h"

using namespace trapline;
using namespace trapline::window;

TEST_CASE("every view looks as it was approved") {
  const test::Within within;
  for (const ViewRow& view : all_views()) {
    const std::string name(view.name);
    CAPTURE(name);
    const auto request = test::case_of(view.name);
    REQUIRE_MESSAGE(request, "tests/visualizer/pictures/cases.cpp has no row for this view");
    const auto picture = panel_picture(*request);
    REQUIRE_MESSAGE(picture, picture.error().sentence);
    CHECK_FALSE(test::is_blank(*picture));
    test::check_approved(name, *picture);
  }
}
