#include "visualizer/model/link.h"

#include <doctest/doctest.h>

using namespace trapline::window;

TEST_CASE("a link is the command that opens its place, and is read back") {
  const Link link{{"a.trap", "with space/it's.trap"}, 1, "vm_exit#3", "walk", "gpa in 0x1000..0x1fff"};
  const std::string text = text_of(link);
  CHECK(text ==
        "trapline view a.trap 'with space/it'\\''s.trap' --at '2:vm_exit#3' --view walk --filter 'gpa in "
        "0x1000..0x1fff'");
  const auto back = link_in(text);
  REQUIRE(back);
  CHECK(back->traces == link.traces);
  CHECK(back->lane == 1);
  CHECK(back->at == "vm_exit#3");
  CHECK(back->view == "walk");
  CHECK(back->filter == link.filter);
}

TEST_CASE("a lab's link tells its seed where that is not the first") {
  CHECK(text_of(Link{.traces = {"07"}}) == "trapline view 07");
  const std::string text = text_of(Link{.traces = {"07"}, .lane = 1, .at = "9", .seed = 12});
  CHECK(text == "trapline view 07 --seed 12 --at 2:9");
  REQUIRE(link_in(text));
  CHECK(link_in(text)->seed == 12);
  CHECK_FALSE(link_in("trapline view 07 --seed x"));
}

TEST_CASE("a link may come with the path of the program; other text is none") {
  CHECK(link_in("scripts/trapline view a.trap"));
  CHECK_FALSE(link_in("trapline run tour"));
  CHECK_FALSE(link_in("trapline view"));
  CHECK_FALSE(link_in("trapline view a.trap --at"));
  CHECK_FALSE(link_in("trapline view a.trap --shout loud"));
  CHECK_FALSE(link_in("trapline view 'a.trap"));
  CHECK_FALSE(link_in(""));
}

TEST_CASE("a position may name its lane, from 1") {
  CHECK(lane_position("3:17").lane == 2);
  CHECK(lane_position("3:17").at == "17");
  CHECK(lane_position("vm_exit#3").lane == 0);
  CHECK(lane_position("vm_exit#3").at == "vm_exit#3");
  CHECK(lane_position("0:17").at == "0:17");
}
