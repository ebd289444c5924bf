// The shell under injected input: the palette, what the reader chooses about the window, and what is remembered.
#include <set>

#include "visualizer/app/commands.h"
#include "visualizer/app/studio.h"

using namespace trapline;
using namespace trapline::window;
using namespace trapline::window::test;

TEST_CASE("no two commands share a key, and every command has a name and a title") {
  std::set<std::string> strokes, names;
  for (const Command& command : all_commands()) {
    CAPTURE(command.name);
    CHECK(strokes.insert(text_of(command.stroke)).second);
    CHECK(names.insert(std::string(command.name)).second);
    CHECK_FALSE(Words(Language::english)(command.title).empty());
  }
}

TEST_CASE("the palette runs what is typed, and keys under it stay quiet") {
  Place place;
  Hands hands(place);
  hands.press(Key::left_control, letter('p'));
  hands.type("light");
  hands.press(Key::enter);
  CHECK(hands.shell().theme().name == ThemeName::light);
  CHECK(hands.document().empty());  // Enter was not for the start screen
  hands.press(Key::left_control, letter('p'));
  hands.press(Key::escape);
  CHECK(hands.shell().state().find("\"palette\":false") != std::string::npos);
  REQUIRE(hands.shell().open(tour_at("100")));
  hands.settle();
  hands.press(Key::left_control, letter('p'));
  hands.type("page walk");
  hands.press(Key::enter);
  CHECK(hands.shell().view() == "walk");
  hands.press(letter('g'));
  hands.type("3:vm_exit#2");
  hands.press(Key::enter);
  CHECK(hands.document().focus == 2);
  CHECK(hands.at() == *(*Lane::open(tour()[2]))->source().nth("vm_exit", 2));
  hands.press(Key::left_control, letter('p'));
  hands.type("zzzz");
  const u64 at = hands.at();
  hands.press(Key::enter);
  hands.press(Key::right);
  CHECK(hands.at() == at);
  hands.press(Key::escape);
}

TEST_CASE("letters go into the filter's box and not to the commands") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("100")));
  hands.settle();
  hands.press(Key::slash);
  CHECK(hands.shell().state().find("\"writing\":true") != std::string::npos);
  hands.studio().headless().type("e");
  hands.press(letter('e'));
  hands.type("xception");
  CHECK(hands.at() == 100);
  hands.press(Key::enter);
  CHECK(hands.document().filter == "exception");
  hands.press(Key::right);
  CHECK(hands.at() == 101);
}

TEST_CASE("theme, language, size and layout have keys, and are remembered by the next window") {
  Place place;
  {
    Hands hands(place);
    REQUIRE(hands.shell().open(tour_at("100")));
    hands.settle();
    hands.press(Key::left_control, letter('t'));
    hands.press(Key::left_control, letter('l'));
    hands.press(Key::left_control, Key::equal);
    hands.press(Key::left_control, Key::equal);
    hands.press(Key::left_control, Key::minus);
    hands.press(Key::left_control, digit(4));
    hands.press(letter('k'));
    CHECK(hands.shell().theme().name == ThemeName::light);
    CHECK(hands.shell().words().language() == Language::chinese);
    CHECK(hands.shell().settings().scale == doctest::Approx(1.1));
    CHECK(hands.shell().font_size() == doctest::Approx(16.5));
    CHECK(hands.shell().settings().preset == "vmx");
  }
  Hands next(place, load_settings(place.settings()));
  CHECK(next.shell().theme().name == ThemeName::light);
  CHECK(next.shell().words().language() == Language::chinese);
  CHECK(next.shell().settings().scale == doctest::Approx(1.1));
  CHECK(next.shell().settings().preset == "vmx");
  CHECK_FALSE(next.shell().settings().follow);
  REQUIRE(next.shell().settings().recent.size() == 1);
  next.press(Key::left_control, digit(0));
  CHECK(next.shell().settings().scale == 1);
}

TEST_CASE("borders and tabs stay where they were put, each layout for itself, until it is reset") {
  Place place;
  std::string moved;
  {
    Hands hands(place);
    REQUIRE(hands.shell().open(tour_at("100")));
    hands.press(Key::left_control, digit(3));
    const std::string first = text_of(hands.shell().layout());
    const Landmark border = hands.place("border x 0");
    hands.drag("border x 0", 90);
    moved = text_of(hands.shell().layout());
    CHECK(moved != first);
    CHECK(hands.place("border x 0").x == doctest::Approx(border.x + 90).epsilon(0.01));
    hands.press(Key::left_control, digit(1));
    CHECK(text_of(hands.shell().layout()) != moved);
    hands.press(Key::left_control, digit(3));
    CHECK(text_of(hands.shell().layout()) == moved);
  }
  Hands next(place, load_settings(place.settings()));
  CHECK(next.shell().settings().preset == "paging");
  CHECK(text_of(next.shell().layout()) == moved);
  REQUIRE(next.shell().open(tour_at("100")));
  next.settle();
  next.click("tab tlb");
  CHECK(next.shell().view() == "tlb");
  next.press(Key::left_alt, digit(0));
  CHECK(text_of(next.shell().layout()) == text_of(*layout_in(find_layout_preset("paging")->layout)));
}

TEST_CASE("F1 lists the keys, F2 leads to the start screen, and Escape back") {
  Place place;
  Hands hands(place);
  REQUIRE(hands.shell().open(tour_at("100")));
  hands.settle();
  hands.press(function_key(1));
  CHECK(hands.shell().state().find("\"keys\":true") != std::string::npos);
  hands.press(Key::escape);
  CHECK(hands.shell().state().find("\"keys\":false") != std::string::npos);
  hands.press(function_key(2));
  CHECK(hands.sees("start 01"));
  hands.press(Key::right);
  CHECK(hands.at() == 100);  // keys are for what is seen
  hands.press(Key::escape);
  CHECK_FALSE(hands.sees("start 01"));
  hands.press(Key::left_control, letter('q'));
  CHECK(hands.shell().wants_to_quit());
}

TEST_CASE("any size draws, from a stamp to a wall") {
  Place place;
  for (const auto& [width, height] : {std::pair{320, 200}, {640, 400}, {1280, 800}, {2560, 1440}})
    for (const double scale : {Settings::least_scale, 1.0, Settings::most_scale}) {
      Settings settings;
      settings.scale = scale;
      Hands hands(place, settings, width, height);
      REQUIRE(hands.shell().open(tour_at("vm_exit#3")));
      for (const LayoutPreset& preset : layout_presets()) {
        hands.shell().use_preset(settings.preset = preset.name);
        hands.settle();
        CAPTURE(width);
        CAPTURE(scale);
        CAPTURE(settings.preset);
        CHECK(hands.studio().headless().counts().primitives > 50);
        if (width == 1280 && scale == 1) CHECK(hands.studio().headless().counts().primitives < 5000);
      }
    }
}
