// Frames without a window: glyphs as the atlas has them, input, and one frame whose bytes are known.
#include "visualizer/render/headless.h"

#include <doctest/doctest.h>

#include "base/sha256.h"
#include "sample_frame.h"
#include "visualizer/render/blend.h"

using namespace trapline;
using namespace trapline::window;

namespace {

std::shared_ptr<FontAtlas> built_in_fonts() {
  static const auto atlas = std::make_shared<FontAtlas>(FontRequest{13, Script::latin, {}, {}});
  return atlas;
}

// A window without decoration over the whole frame, its contents at whole pixels.
void full_window(const std::function<void()>& contents) {
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
  ImGui::Begin("all", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
  contents();
  ImGui::End();
}

// What a glyph is to look like, straight from the atlas: each texel's opacity of ink over paper.
void paint_glyph(Picture& onto, const SoftwareTexture& atlas, const ImFontGlyph& glyph, int x, int y, u32 ink) {
  const int left = static_cast<int>(glyph.U0 * static_cast<float>(atlas.width) + 0.5f);
  const int top = static_cast<int>(glyph.V0 * static_cast<float>(atlas.height) + 0.5f);
  for (int row = 0; row < static_cast<int>(glyph.Y1 - glyph.Y0); ++row) {
    for (int column = 0; column < static_cast<int>(glyph.X1 - glyph.X0); ++column) {
      const u32 alpha = atlas.alpha[static_cast<std::size_t>((top + row) * atlas.width + left + column)];
      u32& pixel = onto.at(x + static_cast<int>(glyph.X0) + column, y + static_cast<int>(glyph.Y0) + row);
      pixel = blend(pixel, (ink & 0xffffff) | alpha << 24);
    }
  }
}

void check_text(const std::shared_ptr<FontAtlas>& fonts, ImFont* font) {
  const u32 ink = colour(250, 240, 30), paper = colour(20, 40, 60);
  const std::string text = "Trap&line 0x1F, gjpqy|";
  Headless headless(300, 60, fonts);
  headless.set_background(paper);
  const Picture drawn = headless.frame(
      [&] { ImGui::GetForegroundDrawList()->AddText(font, font->FontSize, ImVec2(10, 12), ink, text.c_str()); });
  Picture expected(300, 60, paper);
  float x = 10;
  for (char letter : text) {
    const ImFontGlyph& glyph = *font->FindGlyph(static_cast<ImWchar>(letter));
    REQUIRE(x == static_cast<float>(static_cast<int>(x)));  // the fonts advance by whole pixels
    if (glyph.Visible) paint_glyph(expected, fonts->texture(), glyph, static_cast<int>(x), 12, ink);
    x += glyph.AdvanceX;
  }
  CHECK(drawn == expected);
  CHECK(drawn != Picture(300, 60, paper));
}

}  // namespace

TEST_CASE("text at whole pixels is the atlas's glyphs exactly") {
  check_text(built_in_fonts(), built_in_fonts()->fonts().text);
  const auto usual = std::make_shared<FontAtlas>(FontRequest{});
  for (ImFont* font : {usual->fonts().text, usual->fonts().mono, usual->fonts().bold, usual->fonts().title})
    check_text(usual, font);
}

TEST_CASE("the same calls give the same picture, in a second context and after other sizes") {
  Headless one(800, 600, built_in_fonts()), other(320, 200, built_in_fonts());
  const auto draw = [&] { test::draw_sample(one.fonts()); };
  const Picture first = one.settle(draw);
  other.settle(draw);
  other.resize(800, 600);
  CHECK(other.settle(draw) == first);
  CHECK(one.frame(draw) == first);
}

TEST_CASE("one frame's bytes are known, whatever built the program") {
  // Dear ImGui's built-in font, so that the font files of the host have no say.
  Headless headless(800, 600, built_in_fonts());
  headless.set_background(colour(30, 34, 40));
  const Picture picture = headless.settle([&] { test::draw_sample(headless.fonts()); });
  const std::string digest = sha256_hex(std::as_bytes(std::span(picture.rgba)));
  if (IMGUI_VERSION_NUM == 18600) {
    CHECK(digest == "eb6b05d4629b2172167a49b1fdbadb922c42d568bdff1ce89a613e0b1fbad9a0");
  } else {
    MESSAGE("another Dear ImGui lays the frame out differently: ", digest);
  }
}

TEST_CASE("anti-aliased shapes have no seams") {
  Headless headless(64, 64, built_in_fonts());
  const u32 half = colour(255, 255, 255, 128);
  const Picture picture =
      headless.frame([&] { ImGui::GetForegroundDrawList()->AddCircleFilled(ImVec2(32, 32), 24, half, 40); });
  const u32 inside = blend(0xff000000, half);
  int wrong = 0;
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      const int distance = (2 * x - 63) * (2 * x - 63) + (2 * y - 63) * (2 * y - 63);
      if (distance < 44 * 44) wrong += picture.at(x, y) != inside;
      if (distance > 52 * 52) wrong += picture.at(x, y) != 0xff000000;
      wrong += channel(picture.at(x, y), 0) > channel(inside, 0);  // covered twice
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("the mouse, the wheel, keys and characters reach the frame") {
  Headless headless(200, 100, built_in_fonts());
  int clicks = 0, steps = 0;
  bool control = false;
  char text[32] = "";
  const auto draw = [&] {
    full_window([&] {
      clicks += ImGui::Button("press", ImVec2(80, 20));
      if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
      ImGui::InputText("##text", text, sizeof text);
      steps += is_key_pressed(letter('n'), Repeat::no);
      control = control || (is_key_down(Key::left_control) && ImGui::GetIO().KeyCtrl);
    });
  };
  for (int index = 0; index < 3; ++index) headless.build(draw);
  headless.type("cr3 \xe9\xa1\xb5");
  headless.build(draw);
  headless.key(letter('n'), Press::down);
  headless.key(Key::left_control, Press::down);
  headless.build(draw);
  headless.build(draw);
  headless.key(letter('n'), Press::up);
  headless.key(Key::left_control, Press::up);
  headless.build(draw);
  headless.key(Key::backspace, Press::down);
  headless.build(draw);
  headless.key(Key::backspace, Press::up);
  headless.move_mouse(30, 15);
  headless.build(draw);
  headless.button(0, Press::down);
  headless.build(draw);
  headless.button(0, Press::up);
  headless.build(draw);
  headless.build(draw);
  CHECK(std::string(text) == "cr3 ");
  CHECK(steps == 1);
  CHECK(control);
  CHECK(clicks == 1);
}

TEST_CASE("the wheel scrolls") {
  Headless headless(100, 100, built_in_fonts());
  float scrolled = 0;
  const auto draw = [&] {
    ImGui::SetNextWindowPos(ImVec2(0, 0));
    ImGui::SetNextWindowSize(ImVec2(100, 100));
    ImGui::Begin("long");
    for (int line = 0; line < 50; ++line) ImGui::Text("%d", line);
    scrolled = ImGui::GetScrollY();
    ImGui::End();
  };
  headless.move_mouse(40, 50);
  for (int index = 0; index < 3; ++index) headless.build(draw);
  CHECK(scrolled == 0);
  headless.wheel(-1);
  for (int index = 0; index < 3; ++index) headless.build(draw);
  CHECK(scrolled > 0);
}

TEST_CASE("the context before comes back, and none if there was none") {
  REQUIRE(ImGui::GetCurrentContext() == nullptr);
  {
    Headless outer(50, 50, built_in_fonts());
    CHECK(ImGui::GetCurrentContext() == nullptr);
    outer.within([&] {
      ImGuiContext* const mine = ImGui::GetCurrentContext();
      CHECK(mine != nullptr);
      Headless inner(20, 20, std::make_shared<FontAtlas>(FontRequest{13, Script::latin, {}, {}}));
      CHECK(inner.frame([&] { CHECK(ImGui::GetCurrentContext() != mine); }).width == 20);
      CHECK(ImGui::GetCurrentContext() == mine);
    });
  }
  CHECK(ImGui::GetCurrentContext() == nullptr);
}

TEST_CASE("a frame is counted") {
  Headless headless(100, 100, built_in_fonts());
  headless.build([] {});
  const FrameCounts empty = headless.counts();
  headless.build([] {
    for (int index = 0; index < 10; ++index)
      ImGui::GetForegroundDrawList()->AddRectFilled(ImVec2(1, 1), ImVec2(9, 9), ~0u);
  });
  CHECK(headless.counts().primitives == empty.primitives + 10);
  CHECK(headless.counts().vertices == empty.vertices + 40);
  CHECK(headless.counts().commands > 0);
}

TEST_CASE("more vertices than 16 bits count are drawn") {
  Headless headless(400, 300, built_in_fonts());
  const Picture picture = headless.frame([] {
    for (int y = 0; y < 300; ++y)
      for (int x = 0; x < 100; ++x)
        ImGui::GetForegroundDrawList()->AddRectFilled(
            ImVec2(float(4 * x), float(y)), ImVec2(float(4 * x + 4), float(y + 1)), colour(u32(x), u32(y % 256), 7));
  });
  CHECK(headless.counts().vertices > 100000);
  CHECK(picture.at(0, 0) == colour(0, 0, 7));
  CHECK(picture.at(399, 299) == colour(99, 43, 7));
}
