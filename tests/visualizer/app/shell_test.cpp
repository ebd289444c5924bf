// The shell under injected input: moving through a recorded tour, links, and what is remembered.
#include "visualizer/app/commands.h"
#include "visualizer/app/studio.h"
#include "visualizer/rows/cursor_rows.h"

using namespace trapline;
using namespace trapline::window;
using namespace trapline::window::test;

namespace {

// The number of the first event of these kinds behind `from` (or before it), straight from the file.
template <typename... Kinds>
std::optional<u64> scan(const std::string& path, u64 from, Direction direction) {
  const auto lane = Lane::open(path);
  REQUIRE(lane);
  const trace::EventSource& source = (*lane)->source();
  for (u64 at = from; direction == Direction::forward ? ++at < source.end() : at-- > 0;) {
    const auto event = source.at(at);
    if ((event->is<Kinds>() || ...)) return at;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("a trace opens behind its keyframes, at the first stop of each lane") {
  Place place;
  Hands hands(place);
  CHECK(hands.sees("start 01"));
  REQUIRE(hands.shell().open(tour_at("", 0)));
  hands.settle();
  CHECK_FALSE(hands.sees("start 01"));
  REQUIRE(hands.document().lanes.size() == 3);
  CHECK(hands.at(0) == 0 + *scan<trace::Trap>(tour()[0], 0, Direction::forward));
  CHECK(hands.at(2) == 0 + *scan<trace::VmExit>(tour()[2], 0, Direction::forward));
}

TEST_CASE("keys step by event, exit, marker and hit, and come back") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("vm_exit#10")));
  hands.settle();
  const u64 start = hands.at();
  hands.press(Key::right);
  CHECK(hands.at() == start + 1);
  hands.press(Key::left);
  CHECK(hands.at() == start);
  const u64 next = *scan<trace::VmExit>(tour()[2], start, Direction::forward);
  hands.press(letter('e'));
  CHECK(hands.at() == next);
  hands.press(Key::left_shift, letter('e'));
  CHECK(hands.at() == start);
  const u64 marker = *scan<trace::Marker>(tour()[2], start, Direction::forward);
  hands.press(letter('m'));
  CHECK(hands.at() == marker);
  hands.shell().set_filter("vm_entry");
  const u64 hit = *scan<trace::VmEntry>(tour()[2], marker, Direction::forward);
  hands.press(letter('n'));
  CHECK(hands.at() == hit);
  hands.press(Key::left_shift, letter('n'));
  CHECK(hands.at() == *scan<trace::VmEntry>(tour()[2], hit, Direction::back));
  hands.press(Key::home);
  CHECK(hands.at() == 0);
  hands.press(Key::left);
  CHECK(hands.at() == 0);
  CHECK(hands.shell().told() == hands.shell().words()(Text::no_step));
  hands.press(Key::end);
  CHECK(hands.at() == hands.document().lane().events - 1);
  CHECK(hands.shell().told().empty());
}

TEST_CASE("who wrote this: the last change of what is selected, and a sentence where nothing is") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("vm_exit#10")));
  hands.settle();
  const u64 start = hands.at();
  hands.press(letter('w'));
  CHECK(hands.at() == start);
  CHECK(hands.shell().told() == hands.shell().words()(Text::nothing_selected));
  const auto lane = Lane::open(tour()[2]);
  const u64 written = *scan<trace::VmcsWrite>(tour()[2], start, Direction::back);
  const u64 field = (*lane)->source().at(written)->as<trace::VmcsWrite>()->field;
  hands.shell().requests().ask(Select{{views::SubjectKind::vmcs_field, field}});
  hands.settle();
  hands.press(letter('w'));
  CHECK(hands.at() == written);
  hands.press(Key::left_alt, Key::left);
  CHECK(hands.at() == start);
  hands.press(Key::left_alt, Key::right);
  CHECK(hands.at() == written);
}

TEST_CASE("back and forward skip single steps and bring the view along") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("vm_exit#3")));
  hands.settle();
  const u64 first = hands.at();
  REQUIRE(hands.shell().open(tour_at("vm_exit#20")));
  hands.shell().show_view("vmcs");
  hands.settle();
  hands.press(Key::right);
  hands.press(Key::right);
  const u64 second = hands.at();
  REQUIRE(hands.shell().open(tour_at("vm_exit#5", 2)));
  hands.settle();
  hands.press(Key::left_alt, Key::left);
  CHECK(hands.at() == second);
  CHECK(hands.shell().view() == "vmcs");
  hands.press(Key::left_alt, Key::left);
  CHECK(hands.at() == first);
  hands.press(Key::left_alt, Key::right);
  CHECK(hands.at() == second);
}

TEST_CASE("lanes follow to the same guest action, and stand still when told so") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("", 2)));
  hands.settle();
  for (int i = 0; i < 4; ++i) hands.press(letter('m'));
  const auto lanes_at = [&] {
    std::vector<std::string> actions;
    LaneSet lanes{std::vector<std::string>(tour())};
    for (std::size_t lane = 0; lane < 3; ++lane) {
      while (lanes.at(lane)->index().advance(1)) {
      }
      actions.push_back(cursor_rows(lanes, {.at = {lane, hands.at(lane)}}, Interrupt()).action);
    }
    return actions;
  };
  const auto actions = lanes_at();
  REQUIRE_FALSE(actions[2].empty());
  CHECK(actions[0] == actions[2]);
  CHECK(actions[1] == actions[2]);
  hands.press(letter('k'));
  const u64 other = hands.at(0);
  hands.press(Key::end);
  CHECK(hands.at(0) == other);
  CHECK(hands.document().focus == 2);
  hands.press(digit(1));
  CHECK(hands.document().focus == 0);
  CHECK(hands.at() == other);
  hands.press(letter('l'));
  CHECK(hands.document().focus == 1);
  hands.click("lane 3");
  CHECK(hands.document().focus == 2);
}

TEST_CASE("a copied link leads back to the same lane, event, view and filter") {
  Place place;
  Hands hands(place);
  Link there = tour_at("vm_exit#12", 2);
  there.view = "vmcs";
  there.filter = "vm_exit.reason == HLT";
  REQUIRE(hands.shell().open(there));
  hands.settle();
  const u64 at = hands.at();
  hands.press(letter('y'));
  std::string copied;
  hands.studio().headless().within([&] { copied = ImGui::GetClipboardText(); });
  CHECK(hands.shell().told() == hands.shell().words().fill(Text::link_copied, {copied}));
  Place elsewhere;
  Hands other(elsewhere);
  other.press(Key::left_control, letter('p'));
  other.type(copied);
  other.press(Key::enter);
  CHECK(other.document().focus == 2);
  CHECK(other.at() == at);
  CHECK(other.shell().view() == "vmcs");
  CHECK(other.document().filter == "vm_exit.reason == HLT");
  CHECK(other.shell().told().empty());
}

TEST_CASE("links that lead nowhere say so and change nothing") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("100")));
  hands.settle();
  for (const std::string& text : {std::string("@99999999"), std::string("@4:1"), std::string("@nonsense#2"),
                                  std::string("trapline view nothing.trap"), std::string("trapline view 99")}) {
    CAPTURE(text);
    hands.shell().tell("");
    hands.press(Key::left_control, letter('p'));
    hands.type(text);
    hands.press(Key::enter);
    CHECK_FALSE(hands.shell().told().empty());
    CHECK(hands.at() == 100);
    CHECK(hands.document().lanes.size() == 3);
  }
}

TEST_CASE("another trace does not inherit the filter") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("100")));
  hands.press(Key::slash);
  hands.type("trap");
  hands.press(Key::enter);
  CHECK(hands.document().filter == "trap");
  Link one;
  one.traces = {tour()[1]};
  REQUIRE(hands.shell().open(one));
  hands.settle();
  CHECK(hands.document().filter.empty());
}
