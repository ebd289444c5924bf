// Lab 01 in the shell under injected input: from the start screen to its tasks, predictions before their events.
#include "visualizer/app/studio.h"

using namespace trapline;
using namespace trapline::window;
using namespace trapline::window::test;

namespace {

bool says(Hands& hands, const std::string& part) { return hands.shell().state().find(part) != std::string::npos; }

std::size_t lane_named(Hands& hands, const std::string& name) {
  const auto& lanes = hands.document().lab->lanes;
  return static_cast<std::size_t>(std::find(lanes.begin(), lanes.end(), name) - lanes.begin());
}

}  // namespace

TEST_CASE("arrows and Enter open a lab with its lesson and its lanes by name") {
  Place place;
  Hands hands(place);
  hands.press(Key::down);
  hands.press(Key::up);
  hands.press(Key::enter);
  REQUIRE(hands.document().lab);
  CHECK(hands.document().lab->name == "01-rings");
  CHECK(hands.shell().view() == "lesson");
  CHECK(hands.shell().settings().preset == "lesson");
  CHECK(says(hands, "\"name\":\"trapped\""));
  CHECK(hands.document().lanes.size() == hands.document().lab->lanes.size());
}

TEST_CASE("a click opens a lab; its tasks are answered by keys, and a prediction stops the cursor until it is made") {
  Place place;
  Hands hands(place);
  hands.click("start 01");
  REQUIRE(hands.document().lab);
  const std::size_t listing = lane_named(hands, "listing");
  hands.shell().focus_lane(listing);
  hands.settle();
  hands.press(Key::end);
  const u64 gate = hands.at();
  CHECK(gate + 1 < hands.document().lane().events);
  CHECK(hands.shell().told() == hands.shell().words().fill(Text::predict_first, {std::to_string(gate + 1)}));
  hands.press(Key::right);
  CHECK(hands.at() == gate);
  hands.press(letter('a'));
  CHECK(says(hands, "\"writing\":true"));
  CHECK(hands.sees("answer before_it_runs"));
  hands.type("{ \"GP\" }");
  CHECK(says(hands, R"("answer":"{ \"GP\" }")"));
  hands.press(Key::escape);
  CHECK(says(hands, "\"writing\":false"));
  CHECK(says(hands, R"("answer":"{ \"GP\" }")"));  // Escape leaves the box and keeps what was written
  hands.press(letter('h'));
  CHECK(says(hands, R"("hints":1)"));
  hands.press(letter('c'));
  hands.press(Key::right);
  CHECK(hands.at() == gate + 1);  // it is predicted now
  hands.press(Key::left_control, letter('l'));
  CHECK(says(hands, R"("hints":1)"));  // another language forgets nothing
  hands.press(Key::right);
  CHECK(hands.at() == gate + 2);
}

TEST_CASE("what a prediction is about is hidden from the event table and the timeline until it is made") {
  Place place;
  Hands hands(place);
  hands.click("start 01");
  const std::size_t listing = lane_named(hands, "listing");
  hands.shell().focus_lane(listing);
  hands.shell().show_view("events");
  hands.settle();
  const u64 horizon = hands.document().horizon(listing);
  REQUIRE(horizon < hands.document().lane().events);
  CHECK(hands.document().horizon(lane_named(hands, "hardware")) == no_horizon);
  hands.press(Key::end);
  while (hands.shell().panel_in_focus() != "events") hands.press(function_key(6));
  hands.press(letter('p'));
  const auto& targets = hands.shell().landmarks().targets;
  const Landmark tab = hands.place("tab events");
  std::string word;  // of the lowest row
  float lowest = 0;
  for (const Target& target : targets) {
    const std::string its = hands.shell().pointer().word_of(targets, target.place);
    if (its.empty() || target.place.x > tab.x + 60 || target.place.y < lowest) continue;
    lowest = target.place.y;
    word = its;
  }
  for (const char each : word) hands.press(letter(each));
  hands.settle();
  CHECK(hands.at() + 1 == horizon);
  CHECK(hands.shell().told().empty());  // a row behind it would have said that it is not to be seen yet
  hands.press(letter('a'));
  hands.type("{ \"GP\" }");
  hands.press(Key::escape);
  hands.press(letter('c'));
  CHECK(hands.document().horizon(listing) > horizon);
  hands.press(Key::end);
  CHECK(hands.at() > horizon);
}

TEST_CASE("a lab opens in front of what is to be predicted") {
  Place place;
  Hands hands(place);
  bool any = false;
  for (const char* lab : {"07", "10", "12"}) {
    CAPTURE(lab);
    hands.shell().open_lab(lab, 1);
    hands.settle();
    for (std::size_t lane = 0; lane < hands.document().lanes.size(); ++lane) {
      CHECK(hands.at(lane) < hands.document().horizon(lane));
      any = any || hands.document().horizon(lane) != no_horizon;
    }
  }
  CHECK(any);
}

TEST_CASE("a lab's link names the lab, its seed and the place; it is opened last as a lab too") {
  Place place;
  Hands hands(place);
  hands.shell().open_lab("01", 3);
  hands.settle();
  hands.shell().focus_lane(1);
  hands.press(Key::right);
  hands.press(letter('y'));
  std::string copied;
  hands.studio().headless().within([&] { copied = ImGui::GetClipboardText(); });
  CHECK(copied.starts_with("trapline view 01 --seed 3 --at 2:" + std::to_string(hands.at())));
  REQUIRE_FALSE(hands.shell().settings().recent.empty());
  CHECK(hands.shell().settings().recent.front() == "trapline view 01 --seed 3");
  const u64 at = hands.at();
  const auto link = link_in(copied);
  REQUIRE(link);
  Hands other(place);
  REQUIRE(other.shell().open_named(*link));
  other.settle();
  REQUIRE(other.document().lab);
  CHECK(other.document().lab->seed == 3);
  CHECK(other.document().focus == 1);
  CHECK(other.at() == at);
  other.press(Key::home);
  REQUIRE(other.shell().open_named(*link));  // the lab is not recorded again for a jump within it
  other.settle();
  CHECK(other.at() == at);
  Hands third(place, other.shell().settings());
  third.click("start 01  " + std::string("Rings and sensitive instructions  --seed 3"));
  REQUIRE(third.document().lab);
  CHECK(third.document().lab->seed == 3);
}

TEST_CASE("A leads through the open tasks and back, T turns between text and tasks, PgDn turns pages") {
  Place place;
  Hands hands(place);
  hands.shell().open_lab("01", 1);
  hands.settle();
  for (const char* task :
       {"before_it_runs", "who_trapped", "kept_faith", "find_out", "choose_exits", "before_it_runs"}) {
    hands.press(letter('a'));
    CAPTURE(task);
    CHECK(hands.sees(std::string("answer ") + task));
    CHECK(says(hands, "\"writing\":true"));
    hands.type("7");
    hands.press(Key::escape);
    CHECK(says(hands, std::string("\"") + task + R"(":{"state":"answered")"));
  }
  hands.press(Key::left_shift, letter('a'));
  CHECK(hands.sees("answer choose_exits"));
  hands.press(Key::escape);
  for (int i = 0; i < 20; ++i) hands.press(Key::page_up);
  CHECK(hands.sees("check all"));
  CHECK_FALSE(hands.sees("answer choose_exits"));
  for (int i = 0; i < 20; ++i) hands.press(Key::page_down);
  CHECK_FALSE(hands.sees("check all"));
  hands.press(letter('t'));
  CHECK_FALSE(hands.sees("answer choose_exits"));
}

TEST_CASE("a key right behind Escape is a command again") {
  Place place;
  Hands hands(place);
  hands.shell().open_lab("01", 1);
  hands.settle();
  hands.press(letter('a'));
  Headless& keys = hands.studio().headless();
  keys.key(Key::escape, Press::down);
  hands.studio().frame();
  keys.key(Key::escape, Press::up);
  keys.key(letter('h'), Press::down);
  hands.studio().frame();
  keys.key(letter('h'), Press::up);
  hands.settle();
  CHECK(says(hands, R"("hints":1)"));
}

TEST_CASE("keys of a lesson say that none is open where none is") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("100")));
  hands.press(letter('a'));
  CHECK(hands.shell().told() == hands.shell().words()(Text::no_lab));
}

TEST_CASE("a lab that is none is told of, on the start screen too") {
  Place place;
  Hands hands(place);
  hands.shell().open_lab("no-such-lab", 1);
  hands.settle();
  CHECK_FALSE(hands.shell().told().empty());
  CHECK_FALSE(hands.shell().restless());
  CHECK(hands.sees("start 01"));
}
