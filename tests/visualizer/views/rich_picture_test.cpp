// A picture within a text: its place is known before it is drawn, it never grows, and trouble is a sentence.
#include "visualizer/views/rich_picture.h"

#include <doctest/doctest.h>
#include <fstream>

#include "base/temporary_folder.h"
#include "visualizer/render/headless.h"
#include "visualizer/render/imgui_input.h"

using namespace trapline;
using namespace trapline::window;

namespace {

constexpr u32 ink = colour(200, 40, 90);

std::shared_ptr<FontAtlas> atlas() {
  static const auto made = std::make_shared<FontAtlas>(FontRequest{});
  return made;
}

// A text in a window without decoration, its upper left corner at 8, 8.
struct Page {
  Headless headless{500, 400, atlas()};
  Document document;
  Requests requests;
  Desk desk{std::make_unique<LaneSet>(std::vector<std::unique_ptr<Lane>>()), Desk::Mode::at_once};
  Theme theme = theme_of(ThemeName::dark);
  Words words{Language::english};
  Frame frame{document, requests, desk, theme, words, headless.fonts()};
  RichDocument text;
  std::vector<Block> blocks;
  std::optional<std::string> pressed;

  explicit Page(std::vector<Block> shown) : blocks(std::move(shown)) {
    frame.pictures = &headless.pictures();
    headless.within([&] { apply(theme, 1); });
  }
  Picture draw() {
    return headless.frame([&] {
      ImGui::SetNextWindowPos({0, 0});
      ImGui::SetNextWindowSize({500, 400});
      ImGui::Begin("page", nullptr, ImGuiWindowFlags_NoDecoration);
      ImGui::SetCursorScreenPos({8, 8});
      if (const auto target = text.draw(frame, blocks, 300)) pressed = target;
      ImGui::End();
    });
  }
  void click(float x, float y) {
    headless.move_mouse(x, y);
    draw();
    headless.button(0, Press::down);
    draw();
    headless.button(0, Press::up);
    draw();
    draw();
  }
};

Block picture_block(const std::string& path) {
  return {.kind = BlockKind::picture, .runs = {{"What to see."}}, .target = path};
}

std::size_t inked(const Picture& picture) {
  return static_cast<std::size_t>(std::count(picture.rgba.begin(), picture.rgba.end(), ink));
}

}  // namespace

TEST_CASE("a picture is as large as fits, and never larger than its own pixels times the scale") {
  CHECK(fitted({1280, 800}, 1, 410) == PictureSize{410, 256});
  CHECK(fitted({200, 100}, 1, 410) == PictureSize{200, 100});
  CHECK(fitted({200, 100}, 1.5F, 410) == PictureSize{300, 150});
  CHECK(fitted({200, 100}, 2, 350) == PictureSize{350, 175});
  CHECK(fitted({1280, 800}, 1, 1000, 400) == PictureSize{640, 400});
  CHECK(fitted({4096, 1}, 1, 100) == PictureSize{100, 1});
  CHECK(fitted({1280, 800}, 1, -5) == PictureSize{1, 1});
  CHECK(fitted({0, 0}, 1, 100) == PictureSize{1, 1});
}

TEST_CASE("what comes after a picture has its place from the first frame on") {
  const TemporaryFolder folder("rich");
  const std::string path = (std::filesystem::path(folder.path()) / "a.png").string();
  REQUIRE(write_png(Picture(600, 200, ink), path).ok());
  Page page({picture_block(path), {.runs = {{"after"}}}});
  const Picture first = page.draw();
  const float top = page.text.top_of(1);
  CHECK(top > 100);
  CHECK(top < 150);
  CHECK(inked(first) == 298 * 99);  // 300 wide with a line to the left and right of it
  CHECK(first.at(9, 9) == ink);
  CHECK(first.at(8, 8) != ink);
  CHECK(page.draw() == first);
  CHECK(page.text.top_of(1) == top);
}

TEST_CASE("pressed, a picture is shown larger, and Escape or another press takes it back") {
  const TemporaryFolder folder("rich");
  const std::string path = (std::filesystem::path(folder.path()) / "a.png").string();
  REQUIRE(write_png(Picture(1280, 800, ink), path).ok());
  Page page({picture_block(path)});
  page.draw();
  page.headless.move_mouse(499, 399);
  const std::size_t small = inked(page.draw());
  page.click(60, 60);
  CHECK(inked(page.draw()) > 2 * small);
  page.headless.key(Key::escape, Press::down);
  page.draw();
  page.headless.key(Key::escape, Press::up);
  page.headless.move_mouse(499, 399);
  page.draw();
  CHECK(inked(page.draw()) == small);
  page.click(60, 60);
  page.click(250, 200);
  page.headless.move_mouse(499, 399);
  page.draw();
  CHECK(inked(page.draw()) == small);
}

TEST_CASE("a link in a caption can be pressed") {
  Block block = picture_block("");
  block.runs = {{.text = "to an event", .link = "event:full:7"}};
  Page page({block});
  page.click(14, 14);
  CHECK(page.pressed == "event:full:7");
}

TEST_CASE("without a picture to show the caption stays, and trouble is told") {
  const TemporaryFolder folder("rich");
  const std::string cut = (std::filesystem::path(folder.path()) / "cut.png").string();
  const std::string bytes = *encode_png(Picture(600, 200, ink));
  std::ofstream(cut, std::ios::binary) << bytes.substr(0, bytes.size() / 2);
  Page none({picture_block((std::filesystem::path(folder.path()) / "none.png").string()), {.runs = {{"after"}}}});
  Page unnamed({picture_block(""), {.runs = {{"after"}}}});
  Page damaged({picture_block(cut), {.runs = {{"after"}}}});
  for (Page* page : {&none, &unnamed, &damaged}) {
    const Picture drawn = page->draw();
    CHECK(inked(drawn) == 0);
    CHECK(page->draw() == page->draw());
  }
  CHECK(none.text.top_of(1) > 2 * unnamed.text.top_of(1));
  Page elsewhere({picture_block(cut), {.runs = {{"after"}}}});
  elsewhere.frame.pictures = nullptr;
  elsewhere.draw();
  CHECK(elsewhere.text.top_of(1) == unnamed.text.top_of(1));
}
