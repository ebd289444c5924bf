// Everything by keys: letters that press and point, panels that come into focus, scroll, turn tabs and grow.
#include <set>

#include "visualizer/app/studio.h"

using namespace trapline;
using namespace trapline::window;
using namespace trapline::window::test;

namespace {

std::string word_of(Hands& hands, const Landmark& place) {
  return hands.shell().pointer().word_of(hands.shell().landmarks().targets, place);
}

void type_letters(Hands& hands, const std::string& word) {
  for (const char each : word) hands.press(letter(each));
  hands.settle();
}

// P, and the letters that the named thing shows.
void press_named(Hands& hands, const std::string& name) {
  hands.press(letter('p'));
  const std::string word = word_of(hands, hands.place(name));
  REQUIRE_MESSAGE(!word.empty(), name);
  type_letters(hands, word);
}

ImVec2 mouse(Hands& hands) {
  ImVec2 at;
  hands.studio().headless().within([&] { at = ImGui::GetIO().MousePos; });
  return at;
}

void focus(Hands& hands, const std::string& view) {
  for (int i = 0; i < 12 && hands.shell().panel_in_focus() != view; ++i) hands.press(function_key(6));
  REQUIRE(hands.shell().panel_in_focus() == view);
}

}  // namespace

TEST_CASE("targets have words of which none begins another, the first under the fingers") {
  CHECK(words_for(0).empty());
  CHECK(words_for(3) == std::vector<std::string>{"f", "j", "d"});
  for (const std::size_t count : {26U, 27U, 300U, 676U, 5000U}) {
    const std::vector<std::string> words = words_for(count);
    CHECK(words.size() == std::min<std::size_t>(count, 676));
    CHECK(std::set<std::string>(words.begin(), words.end()).size() == words.size());
    for (const std::string& word : words) {
      CHECK(word.size() <= (count > 26 ? 2 : 1));
      if (word.size() == 2) CHECK(std::count(words.begin(), words.end(), word.substr(0, 1)) == 0);
    }
  }
}

TEST_CASE("P and letters press a tab, a lane and a box to write in, and the mouse is where it was") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("vm_exit#10")));
  hands.settle();
  const ImVec2 before = mouse(hands);
  press_named(hands, "tab exits");
  CHECK(hands.shell().view() == "exits");
  CHECK(mouse(hands).x == before.x);
  hands.press(Key::escape);
  press_named(hands, "lane 1");
  CHECK(hands.document().focus == 0);
  hands.press(Key::escape);
  press_named(hands, "filter");
  hands.type("trap");
  hands.press(Key::enter);
  CHECK(hands.document().filter == "trap");
}

TEST_CASE("letters that nothing shows are not taken, Backspace takes one back, Escape gives up") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("vm_exit#10")));
  hands.settle();
  const u64 at = hands.at();
  hands.press(letter('p'));
  REQUIRE(hands.shell().landmarks().targets.size() > 26);
  const std::string word = word_of(hands, hands.place("tab exits"));
  const auto& targets = hands.shell().landmarks().targets;
  const std::string long_word = word_of(hands, targets.back().place);
  REQUIRE(long_word.size() == 2);
  hands.press(letter(long_word[0]));
  hands.press(Key::backspace);
  type_letters(hands, word);
  CHECK(hands.shell().view() == "exits");
  hands.press(Key::escape);
  hands.press(letter('p'));
  CHECK(hands.shell().pointer().is_choosing());
  hands.press(Key::right);
  CHECK(hands.at() == at);
  hands.press(Key::escape);
  CHECK_FALSE(hands.shell().pointer().is_choosing());
  hands.press(Key::right);
  CHECK(hands.at() == at + 1);
}

TEST_CASE("pointing by letters hovers until Escape") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("vm_exit#10")));
  hands.settle();
  const ImVec2 before = mouse(hands);
  hands.press(Key::left_shift, letter('p'));
  const Landmark tab = hands.place("tab exits");
  const std::string view = hands.shell().view();
  type_letters(hands, word_of(hands, tab));
  CHECK(hands.shell().view() == view);
  CHECK(tab.holds(mouse(hands).x, mouse(hands).y));
  hands.press(Key::escape);
  CHECK(mouse(hands).x == before.x);
}

TEST_CASE("F6 brings panels into focus one after another; letters and scrolling are about the one in focus") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("500")));
  hands.settle();
  CHECK(hands.shell().panel_in_focus().empty());
  hands.press(function_key(6));
  CHECK(hands.shell().panel_in_focus() == "timeline");
  hands.press(Key::left_shift, function_key(6));
  CHECK(hands.shell().panel_in_focus() == "exits");
  focus(hands, "events");
  hands.press(letter('p'));
  CHECK(word_of(hands, hands.place("lane 1")).empty());
  CHECK(word_of(hands, hands.place("tab events")) == "f");
  hands.press(Key::escape);
  CHECK(hands.shell().panel_in_focus() == "events");
  hands.press(Key::escape);
  CHECK(hands.shell().panel_in_focus().empty());
}

TEST_CASE("the panel in focus scrolls by keys, and a row in it is pressed by letters") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("500")));
  hands.settle();
  focus(hands, "events");
  const auto row = [&](const char* word) {
    hands.press(letter('p'));
    type_letters(hands, word);
    return hands.at();
  };
  const u64 first = row("j");  // the first row; `f` is the tab
  CHECK(first < 500);
  hands.press(Key::page_down);
  hands.settle();
  const u64 later = row("j");
  CHECK(later > first + 5);
  hands.press(Key::up);
  hands.settle();
  CHECK(row("j") == later - 3);  // a notch of the wheel
}

TEST_CASE("tabs turn and panels grow by keys") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("500")));
  hands.settle();
  focus(hands, "exits");
  hands.press(Key::left_control, Key::page_down);
  CHECK(hands.shell().panel_in_focus() == "compare");
  hands.press(Key::left_control, Key::page_up);
  hands.press(Key::left_control, Key::page_up);
  CHECK(hands.shell().panel_in_focus() == "console");
  focus(hands, "events");
  const std::string before = text_of(hands.shell().layout());
  hands.press(Key::left_control, Key::right);
  CHECK(text_of(hands.shell().layout()) != before);
  hands.press(Key::left_control, Key::left);
  CHECK(text_of(hands.shell().layout()) == before);
  hands.press(Key::left_control, Key::down);
  CHECK(text_of(hands.shell().layout()) != before);
  hands.press(Key::left_control, Key::up);
  CHECK(text_of(hands.shell().layout()) == before);
}

TEST_CASE("a menu opens by letters, and then its entries alone have some; Escape closes it") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("500")));
  hands.settle();
  const std::string paging(hands.shell().words()(Text::layout_paging));
  press_named(hands, "layout");
  REQUIRE(hands.sees("entry " + paging));
  hands.press(Key::escape);
  hands.settle();
  CHECK_FALSE(hands.sees("entry " + paging));
  press_named(hands, "layout");
  hands.press(letter('p'));
  CHECK(word_of(hands, hands.place("tab events")).empty());
  type_letters(hands, word_of(hands, hands.place("entry " + paging)));
  CHECK(hands.shell().settings().preset == "paging");
  CHECK_FALSE(hands.sees("entry " + paging));
}

TEST_CASE("what is open already is shown again from the start screen") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("500")));
  hands.press(function_key(2));
  CHECK(hands.sees("start 01"));
  REQUIRE(hands.shell().open(tour_at("600")));
  hands.settle();
  CHECK_FALSE(hands.sees("start 01"));
  CHECK(hands.at() == 600);
}

TEST_CASE("labs on the start screen open by letters too") {
  Place place;
  Hands hands(place);
  press_named(hands, "start 01");
  REQUIRE(hands.document().lab);
  CHECK(hands.document().lab->name == "01-rings");
}
