// The whole window without a display, with hands: keys, letters and a mouse that finds things by their names.
#pragma once

#include <doctest/doctest.h>
#include <filesystem>
#include <imgui.h>

#include "base/temporary_folder.h"
#include "visualizer/app/recording.h"
#include "visualizer/app/screenshot.h"

namespace trapline::window::test {

// Every test works in a folder of its own, where what it records and remembers lies.
class Place {
 public:
  Place() : before_(std::filesystem::current_path()), folder_("shell") {
    std::filesystem::current_path(folder_.path());
  }
  ~Place() { std::filesystem::current_path(before_); }
  std::string settings() const { return (std::filesystem::current_path() / "settings").string(); }

 private:
  std::filesystem::path before_;
  TemporaryFolder folder_;
};

class Hands {
 public:
  explicit Hands(Place& place, Settings settings = {}, int width = 1280, int height = 800)
      : studio_(ShellOptions{.settings = std::move(settings),
                             .mode = Desk::Mode::at_once,
                             .settings_file = place.settings(),
                             .state_file = "state"},
                width, height) {
    settle();
  }

  Shell& shell() { return studio_.shell(); }
  Studio& studio() { return studio_; }
  const Document& document() { return shell().document(); }
  u64 at(std::size_t lane) { return document().positions[lane]; }
  u64 at() { return document().here().sequence; }

  void settle() { studio_.settle(); }
  void press(Key key) {
    studio_.headless().key(key, Press::down);
    studio_.frame();
    studio_.headless().key(key, Press::up);
    settle();
  }
  void press(Key modifier, Key key) {
    studio_.headless().key(modifier, Press::down);
    press(key);
    studio_.headless().key(modifier, Press::up);
    settle();
  }
  void type(const std::string& text) {
    studio_.headless().type(text);
    settle();
  }
  Landmark place(const std::string& name) {
    const auto found = shell().landmarks().places.find(name);
    REQUIRE_MESSAGE(found != shell().landmarks().places.end(), name);
    return found->second;
  }
  bool sees(const std::string& name) { return shell().landmarks().places.contains(name); }
  void point(const std::string& name, float right = 0, float down = 0) {
    const Landmark where = place(name);
    studio_.headless().move_mouse(where.x + where.width / 2 + right, where.y + where.height / 2 + down);
    studio_.frame();
  }
  void click(const std::string& name) {
    point(name);
    studio_.headless().button(0, Press::down);
    studio_.frame();
    studio_.headless().button(0, Press::up);
    settle();
  }
  // The button goes down in the frame in which the mouse comes from elsewhere.
  void drag(const std::string& name, float right) {
    const Landmark where = place(name);
    studio_.headless().move_mouse(where.x + where.width / 2, where.y + where.height / 2);
    studio_.headless().button(0, Press::down);
    studio_.frame();
    studio_.headless().move_mouse(where.x + where.width / 2 + right, where.y + where.height / 2);
    studio_.frame();
    studio_.headless().button(0, Press::up);
    settle();
  }

 private:
  Studio studio_;
};

// The tour under every technique, recorded once for all tests of this program.
inline const std::vector<std::string>& tour() {
  static const TemporaryFolder folder("tour");
  static const std::vector<std::string> paths = [] {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    const Recorded recorded = record_guest("tour");
    std::filesystem::current_path(before);
    std::vector<std::string> found;
    REQUIRE(recorded);
    for (const std::string& path : *recorded) found.push_back((std::filesystem::path(folder.path()) / path).string());
    return found;
  }();
  return paths;
}

inline Link tour_at(const std::string& at, std::size_t lane = 2) {
  Link link;
  link.traces = tour();
  link.lane = lane;
  link.at = at;
  return link;
}

}  // namespace trapline::window::test
