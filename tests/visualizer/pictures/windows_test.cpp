// The whole window: a few pictures, and how much is drawn in every layout.
#include <doctest/doctest.h>

#include "pictures/approved.h"
#include "pictures/traces.h"
#include "pictures/within.h"
#include "visualizer/app/screenshot.h"

using namespace trapline;
using namespace trapline::window;

namespace {

constexpr int most_primitives = 5000;

// The same on every host: nothing is remembered, and what the start screen says of KVM is made up.
ShellOptions options(std::string_view preset = "overview") {
  ShellOptions options;
  options.mode = Desk::Mode::at_once;
  options.settings.preset = preset;
  options.settings.theme = "dark";
  options.ask_host = [] { return kvm::Probe{.usable = true, .module = "kvm_intel"}; };
  return options;
}

Picture picture_of(Studio& studio) {
  Picture picture = studio.picture();
  CHECK(studio.headless().counts().primitives < most_primitives);
  CHECK_FALSE(test::is_blank(picture));
  return picture;
}

void open_three(Studio& studio, const std::string& at) {
  Link link;
  link.traces = test::tour().three();
  link.lane = 2;
  link.at = at;
  const auto opened = studio.shell().open(link);
  REQUIRE_MESSAGE(opened, opened.error().sentence);
}

}  // namespace

TEST_CASE("the start screen looks as it was approved") {
  Studio studio(options(), 1280, 800);
  test::check_approved("window-start", picture_of(studio));
}

TEST_CASE("the start screen says why KVM cannot be used") {
  const auto with = [](kvm::Probe host) {
    ShellOptions chosen = options();
    chosen.ask_host = [host] { return host; };
    return Studio(std::move(chosen), 800, 600).picture();
  };
  const Picture usable = with({.usable = true, .module = "kvm_intel"});
  CHECK_FALSE(usable == with({.usable = false, .why_not = {"There is no /dev/kvm here.", "这里没有 /dev/kvm。"}}));
  CHECK(usable == with({.usable = true, .module = "kvm_intel"}));
}

TEST_CASE("three lanes side by side look as they were approved") {
  Studio studio(options(), 1280, 800);
  open_three(studio, "vm_exit#400");
  test::check_approved("window-overview", picture_of(studio));
}

TEST_CASE("a lesson beside its lanes looks as it was approved") {
  const test::Within within;
  Studio studio(options(), 1280, 800);
  studio.shell().open_lab("07", 1);
  REQUIRE(studio.shell().document().lanes.size() == 3);
  test::check_approved("window-lesson", picture_of(studio));
}

TEST_CASE("no layout draws more than the budget") {
  for (const LayoutPreset& preset : layout_presets()) {
    const std::string name(preset.name);
    CAPTURE(name);
    Studio studio(options(preset.name), 1280, 800);
    open_three(studio, "vm_exit#400");
    studio.settle();
    CHECK(studio.headless().counts().primitives > 100);
    CHECK(studio.headless().counts().primitives < most_primitives);
  }
}
