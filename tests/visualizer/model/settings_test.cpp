#include "visualizer/model/settings.h"

#include <doctest/doctest.h>

using namespace trapline;
using namespace trapline::window;

TEST_CASE("settings come back as they were") {
  Settings settings;
  settings.theme = "light";
  settings.language = Language::chinese;
  settings.scale = 1.25;
  settings.preset = "paging";
  settings.follow = false;
  settings.layouts["paging"] = "columns(40 walk, 60 events)";
  settings.recent = {"trapline view 'a b.trap'", "trapline view c.trap"};
  settings.others = {"from_the_future 7"};
  CHECK(text_of(settings_in(text_of(settings))) == text_of(settings));
  CHECK(settings_in(text_of(settings)).scale == doctest::Approx(1.25));
}

TEST_CASE("what makes no sense is left at its default") {
  const Settings settings = settings_in(
      "theme pink\nlanguage xx\nscale 9000\npreset none\nlayout paging ((\nlayout nothing events\nlayout\nscale\n\n");
  CHECK(text_of(settings) == text_of(Settings{}));
}
