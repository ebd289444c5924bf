// Under --full: every view in both themes, both languages, and the sizes that a panel may have. Nobody approves these;
// each must show something, be the same twice, and have a glyph for every character.
#include <doctest/doctest.h>

#include "pictures/approved.h"
#include "pictures/cases.h"
#include "pictures/within.h"
#include "visualizer/app/texts.h"

using namespace trapline;
using namespace trapline::window;

namespace {

// The same fonts, but a character that they lack leaves a gap where others show a question mark or a box.
std::shared_ptr<FontAtlas> fonts_without_fallback(Language language) {
  auto fonts = fonts_of(language);
#if IMGUI_VERSION_NUM < 19200
  static ImFontGlyph nothing[8];
  std::size_t next = 0;
  for (ImFont* const font : fonts->imgui().Fonts) {
    REQUIRE(next < std::size(nothing));
    nothing[next] = *font->FallbackGlyph;
    nothing[next].Visible = 0;
    font->FallbackGlyph = &nothing[next++];
  }
#endif
  return fonts;
}

bool has_chinese() {
  const auto fonts = test::shared_fonts(Language::chinese);
  if (fonts->fonts().warnings.empty()) return true;
  MESSAGE("SKIPPED pictures in Chinese: " << fonts->fonts().warnings.front());
  return false;
}

void check_look(PanelRequest request, const std::shared_ptr<FontAtlas>& strict) {
  const auto picture = panel_picture(request);
  REQUIRE_MESSAGE(picture, picture.error().sentence);
  CHECK_FALSE(test::is_blank(*picture));
  request.fonts = strict;
  const auto again = panel_picture(request);
  REQUIRE(again);
  CHECK_MESSAGE(*again == *picture, "it is not the same twice, or shows a character that no font has");
}

void check_looks(Language language) {
  const test::Within within;
  const auto fonts = test::shared_fonts(language), strict = fonts_without_fallback(language);
  // The atlas of English is asked for some Chinese too; nothing English shows it, as the pictures prove.
  for (const std::string& character : missing_glyphs(fonts->fonts(), texts_of(language))) {
    CAPTURE(character);
    CHECK(language == Language::english);
    CHECK(static_cast<unsigned char>(character.front()) >= 0xe3);  // from U+3000 on
  }
  for (const ViewRow& view : all_views()) {
    const std::string name(view.name);
    CAPTURE(name);
    auto request = test::case_of(view.name);
    REQUIRE(request);
    request->language = language;
    request->fonts = fonts;
    for (const ThemeName theme : {ThemeName::dark, ThemeName::light}) {
      request->theme = theme;
      for (const auto& [width, height] : {std::pair(380, 250), std::pair(1200, 800)}) {
        request->width = width;
        request->height = height;
        CAPTURE(width);
        check_look(*request, strict);
      }
    }
  }
}

}  // namespace

TEST_CASE("a character without a glyph would be seen") {
  auto request = test::case_of("console");
  REQUIRE(request);
  request->traces.clear();  // then the panel is one sentence, here in a language that these fonts have not got
  request->at = "0";
  request->language = Language::chinese;
  const auto draw = [&](const std::shared_ptr<FontAtlas>& fonts) {
    request->fonts = fonts;
    return panel_picture(*request, std::make_unique<LaneSet>(std::vector<std::string>{}));
  };
  const auto shown = draw(test::shared_fonts(Language::english)),
             left_out = draw(fonts_without_fallback(Language::english));
  REQUIRE(shown);
  REQUIRE(left_out);
  CHECK_FALSE(*shown == *left_out);
}

TEST_CASE("every view in both themes and at other sizes, in English") {
  if (test::in_full()) check_looks(Language::english);
}

TEST_CASE("every view in both themes and at other sizes, in Chinese") {
  if (test::in_full() && has_chinese()) check_looks(Language::chinese);
}
