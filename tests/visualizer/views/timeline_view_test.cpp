// The timeline by hand: what mouse and keys make of it, seen by where a press leads; and that it draws any lane within
// its budget.
#include <doctest/doctest.h>

#include "../rows/made_lane.h"
#include "visualizer/render/headless.h"
#include "visualizer/views/list.h"

namespace trapline::window {
namespace {

std::shared_ptr<FontAtlas> atlas() {
  static const auto made = std::make_shared<FontAtlas>(FontRequest{});
  return made;
}

// A panel with nothing but the timeline.
struct Panel {
  Document document;
  Headless headless;
  Theme theme = theme_of(ThemeName::dark);
  Desk desk;
  Requests requests;
  Words words{Language::english};
  Frame frame{document, requests, desk, theme, words, headless.fonts()};
  std::unique_ptr<View> view = make_timeline_view();
  int width, height;

  Panel(std::unique_ptr<LaneSet> lanes, int wide, int high)
      : document(document_of(*lanes)),
        headless(wide, high, atlas()),
        desk(std::move(lanes), Desk::Mode::at_once),
        width(wide),
        height(high) {
    headless.within([&] { apply(theme, 1); });
    draw(3);
  }
  static Document document_of(LaneSet& lanes) {
    Document document;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      while (lanes.at(i)->index().advance(64)) {
      }
      document.lanes.push_back(lanes.at(i)->facts());
      document.positions.push_back(0);
    }
    return document;
  }
  void draw(int frames = 1) {
    for (int i = 0; i < frames; ++i) {
      headless.build([&] {
        ImGui::SetNextWindowPos({0, 0});
        ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
        ImGui::Begin("panel", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoSavedSettings);
        view->draw(frame);
        ImGui::End();
      });
      for (const Request& request : requests.take()) {
        if (const auto* go = std::get_if<GoTo>(&request)) stand_at(go->to);
        if (const auto* pass = std::get_if<PassBy>(&request)) stand_at(pass->at);
      }
      ++frame.ticks;
    }
  }
  void stand_at(Moment to) {
    document.focus = to.lane;
    document.positions[to.lane] = to.sequence;
  }
  void key(Key which, int times = 1) {
    for (int i = 0; i < times; ++i) {
      headless.key(which, Press::down);
      draw();
      headless.key(which, Press::up);
      draw();
    }
  }
  // Where a press leads, by the lane's cursor.
  u64 press(float x, float y) {
    headless.move_mouse(x, y);
    draw();
    headless.button(0, Press::down);
    draw();
    headless.button(0, Press::up);
    draw(40);  // and so long that the next press is not a second one
    return document.here().sequence;
  }
  float right() const { return static_cast<float>(width) - 12; }
  float middle() const { return static_cast<float>(height) / 2; }
  static constexpr float scale_y = 34;  // between the toolbar and the lanes
};

// Event number, tick and retired count are the same.
std::unique_ptr<LaneSet> even_lane(u64 events) {
  MadeLane made;
  for (u64 i = 0; i < events; ++i) {
    made.bus.stamp().tick = made.bus.stamp().retired = i;
    made.emit(trace::Console{static_cast<u8>(i)});
  }
  std::vector<std::unique_ptr<Lane>> lanes;
  lanes.push_back(made.lane());
  return std::make_unique<LaneSet>(std::move(lanes));
}

std::unique_ptr<LaneSet> busy_lanes(std::size_t count, u64 events) {
  std::vector<std::unique_ptr<Lane>> lanes;
  for (std::size_t lane = 0; lane < count; ++lane) {
    MadeLane made;
    made.header(static_cast<trace::Technique>(lane % 3));
    for (u64 i = 0; i < events; ++i) {
      made.bus.stamp().tick += 1 + i * (lane + 3) % 7;
      made.bus.stamp().cause = i % 5 == 4 ? 0 : i / 5 + 1;
      if (i % 5 == 0) made.emit(trace::VmExit{.reason = static_cast<u32>(i % 60)});
      if (i % 5 == 1) made.emit(trace::WalkBegin{});
      if (i % 5 == 2) made.emit(trace::WalkEnd{});
      if (i % 5 == 3) made.emit(trace::VmEntry{});
      if (i % 5 == 4) made.emit(trace::Marker{static_cast<u8>(1 + i % 9), static_cast<u8>(i / 5 % 2), 1});
    }
    lanes.push_back(made.lane());
  }
  return std::make_unique<LaneSet>(std::move(lanes));
}

TEST_CASE("a press leads to the event under it, from the whole run") {
  Panel panel(even_lane(10'000), 900, 200);
  CHECK(panel.press(panel.right(), panel.middle()) > 9700);
  CHECK(panel.press(panel.right() - 400, panel.middle()) > 3500);
  CHECK(panel.press(panel.right() - 400, panel.middle()) < 5500);
}

TEST_CASE("keys zoom at the cursor and back to the whole run") {
  Panel panel(even_lane(10'000), 900, 200);
  panel.key(Key::equal, 6);
  CHECK(panel.press(panel.right(), panel.middle()) < 1000);
  panel.key(letter('f'));
  CHECK(panel.press(panel.right(), panel.middle()) > 9700);
  panel.key(Key::equal, 6);
  CHECK(panel.press(panel.right() - 400, panel.middle()) > 9000);
}

TEST_CASE("the wheel zooms under the mouse") {
  Panel panel(even_lane(10'000), 900, 200);
  panel.headless.move_mouse(panel.right(), panel.middle());
  for (int i = 0; i < 10; ++i) {
    panel.headless.wheel(1);
    panel.draw();
  }
  panel.draw(2);
  CHECK(panel.press(panel.right(), panel.middle()) > 9700);
  CHECK(panel.press(panel.right() - 600, panel.middle()) > 8500);
}

TEST_CASE("the picture follows the cursor where it steps out of sight") {
  Panel panel(even_lane(10'000), 900, 200);
  panel.key(Key::equal, 8);
  panel.document.positions[0] = 7'000;
  panel.draw(3);
  const u64 left = panel.press(panel.right() - 700, panel.middle());
  CHECK(left < 7'000);
  CHECK(left > 6'000);
  const u64 right = panel.press(panel.right(), panel.middle());
  CHECK(right > 7'000);
  CHECK(right < 8'000);
}

TEST_CASE("the scale's handle scrubs, the lanes drag aside") {
  Panel panel(even_lane(10'000), 900, 200);
  panel.headless.move_mouse(panel.right() - 300, Panel::scale_y);
  panel.draw();
  panel.headless.button(0, Press::down);
  panel.draw(2);
  const u64 first = panel.document.here().sequence;
  CHECK(first > 4'000);
  panel.headless.move_mouse(panel.right(), Panel::scale_y);
  panel.draw(3);
  CHECK(panel.document.here().sequence > first + 2'000);
  panel.headless.button(0, Press::up);
  panel.draw(40);

  panel.key(Key::equal, 6);
  const u64 before = panel.press(panel.right() - 300, panel.middle());
  panel.headless.move_mouse(panel.right() - 300, panel.middle());
  panel.draw();
  panel.headless.button(0, Press::down);
  panel.draw();
  panel.headless.move_mouse(panel.right() - 100, panel.middle());
  panel.draw(2);
  panel.headless.button(0, Press::up);
  panel.draw(40);
  CHECK(panel.document.here().sequence == before);
  CHECK(panel.press(panel.right() - 300, panel.middle()) < before);
}

TEST_CASE("every size and zoom keeps to the budget") {
  for (const auto& [width, height] : {std::pair{1260, 160}, {1260, 400}, {600, 200}, {120, 60}, {2000, 1200}}) {
    CAPTURE(width);
    CAPTURE(height);
    Panel panel(busy_lanes(3, 30'000), width, height);
    for (int zoom = 0; zoom < 24; ++zoom) {
      CHECK(panel.headless.counts().primitives < 2800);
      CHECK(panel.headless.counts().primitives > 20);
      panel.key(Key::equal);
    }
    panel.key(letter('z'));
    CHECK(panel.headless.counts().primitives < 2800);
  }
}

TEST_CASE("lanes with nothing in them are drawn") {
  for (const u64 events : {0, 1, 2}) {
    Panel one(even_lane(events), 600, 200);
    one.key(letter('z'));
    one.key(Key::equal, 3);
    one.press(one.right(), one.middle());
    CHECK(one.headless.counts().primitives > 5);
  }
  Panel none(std::make_unique<LaneSet>(std::vector<std::string>{}), 600, 200);
  CHECK(none.headless.counts().primitives > 0);
}

}  // namespace
}  // namespace trapline::window
