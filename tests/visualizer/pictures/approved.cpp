#include "pictures/approved.h"

#include <cstdio>
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "pictures/made_with.h"
#include "visualizer/render/difference.h"

namespace trapline::window::test {

namespace {

namespace fs = std::filesystem;

const fs::path approved_folder = TRAPLINE_APPROVED_PICTURES;

bool is_set(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && std::string_view(value) == "1";
}

bool rebase() {
  static const bool asked = is_set("TRAPLINE_REBASE");
  return asked;
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Beside the test program.
fs::path leave_folder() {
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path() / "pictures";
  fs::create_directories(folder);
  return folder;
}

void report(const std::string& name, const Picture& approved, const Picture& now) {
  const fs::path shown = leave_folder() / (name + ".png"), different = leave_folder() / (name + "-difference.png");
  REQUIRE(write_png(now, shown.string()));
  REQUIRE(write_png(difference_picture(approved, now), different.string()));
  FAIL_CHECK(name << ": " << describe(compare(approved, now)) << "\n  now:        " << shown.string()
                  << "\n  difference: " << different.string()
                  << "\n  Where it is as it should be, run this program with TRAPLINE_REBASE=1 to approve it.");
}

}  // namespace

std::string made_with() { return letters_made_with(); }

bool comparable_here() {
  static const bool comparable = [] {
    if (rebase()) {
      fs::create_directories(approved_folder);
      std::ofstream(approved_folder / "MADE_WITH") << made_with();
      return true;
    }
    const std::string wanted = text_of(approved_folder / "MADE_WITH"), here = made_with();
    if (wanted == here) return true;
    std::printf("SKIPPED window_pictures: letters are drawn here by %s; the approved pictures were made with %s\n",
                first_difference(here, wanted).c_str(), first_difference(wanted, here).c_str());
    return false;
  }();
  return comparable;
}

void check_approved(const std::string& name, const Picture& now) {
  if (!comparable_here()) return;
  const std::string path = (approved_folder / (name + ".png")).string();
  if (rebase()) {
    const auto before = read_png(path);
    if (before && *before == now) return;
    REQUIRE(write_png(now, path));
    std::printf("approved: %s\n", path.c_str());
    return;
  }
  const auto approved = read_png(path);
  if (!approved) {
    const fs::path shown = leave_folder() / (name + ".png");
    REQUIRE(write_png(now, shown.string()));
    FAIL_CHECK("no picture of " << name << " is approved (" << approved.error().sentence << "). Look at "
                                << shown.string() << ", then run this program with TRAPLINE_REBASE=1 to approve it.");
    return;
  }
  if (!compare(*approved, now).equal()) report(name, *approved, now);
}

bool is_blank(const Picture& picture) {
  constexpr int least = 300;  // a short sentence has more
  int different = 0;
  for (const u32 pixel : picture.rgba) different += pixel != picture.rgba.front() ? 1 : 0;
  return different < least;
}

bool in_full() { return is_set("TRAPLINE_FULL"); }

}  // namespace trapline::window::test
