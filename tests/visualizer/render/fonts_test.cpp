// Fonts that are there, are not there, or are no fonts.
#include "visualizer/render/fonts.h"

#include <doctest/doctest.h>
#include <fstream>

#include "base/temporary_folder.h"

using namespace trapline;
using namespace trapline::window;

namespace {

const std::vector<std::string> chinese = {"影子页表 shadow"};

FontRequest only(const std::filesystem::path& folder, Script script) { return {14, script, chinese, {folder}}; }

void check_all_fonts_work(const FontSet& fonts) {
  for (ImFont* font : {fonts.text, fonts.mono, fonts.bold, fonts.title}) {
    REQUIRE(font != nullptr);
    CHECK(missing_glyphs(*font, {"The quick brown fox 0123456789 ~!@"}).empty());
  }
  CHECK(fonts.title->FontSize > fonts.text->FontSize);
}

bool usual_fonts_are_here(Script script) { return FontAtlas({15, script, chinese}).fonts().warnings.empty(); }

}  // namespace

TEST_CASE("without any font file all four fonts are the built-in one, and it is said what is lost") {
  const TemporaryFolder temporary("render");
  const std::filesystem::path folder = temporary.path();
  const FontAtlas atlas(only(folder, Script::chinese));
  check_all_fonts_work(atlas.fonts());
  CHECK(atlas.fonts().warnings.size() == 4);
  CHECK(
      atlas.fonts().warnings[0] ==
      "No usable font file DejaVuSans.ttf was found (Debian's package fonts-dejavu-core has it): text is shown in Dear "
      "ImGui's built-in font, which has Latin letters only.");
  CHECK(
      atlas.fonts().warnings[1] ==
      "No usable font file wqy-microhei.ttc was found (Debian's package fonts-wqy-microhei has it): Chinese characters "
      "are shown as question marks.");
  CHECK(missing_glyphs(atlas.fonts(), chinese) == std::vector<std::string>{"子", "影", "表", "页"});
  CHECK(FontAtlas(only(folder / "nowhere", Script::latin)).fonts().warnings.size() == 3);
}

TEST_CASE("a file that is no font counts as missing") {
  const TemporaryFolder temporary("render");
  const std::filesystem::path folder = temporary.path();
  for (const char* content : {"", "this is text", "\x00\x01\x00\x00\x00\x12garbage after a font's first bytes"}) {
    for (const char* name : {"DejaVuSans.ttf", "DejaVuSansMono.ttf", "DejaVuSans-Bold.ttf", "wqy-microhei.ttc"})
      std::ofstream(folder / name, std::ios::binary) << content;
    const FontAtlas atlas(only(folder, Script::chinese));
    check_all_fonts_work(atlas.fonts());
    CHECK(atlas.fonts().warnings.size() == 4);
  }
}

TEST_CASE("a cut font file is refused or read, and never ends the program") {
  std::filesystem::path whole;
  for (const std::filesystem::path& folder : usual_font_folders())
    if (exists(folder / "DejaVuSans.ttf")) whole = folder / "DejaVuSans.ttf";
  if (whole.empty()) {
    MESSAGE("no DejaVuSans.ttf on this host");
    return;
  }
  const TemporaryFolder temporary("render");
  const std::filesystem::path folder = temporary.path();
  for (std::uintmax_t share : {1, 3, 5, 8, 15}) {
    const auto copy = folder / "DejaVuSans.ttf";
    copy_file(whole, copy, std::filesystem::copy_options::overwrite_existing);
    resize_file(copy, file_size(whole) * share / 16);
    const FontAtlas atlas(only(folder, Script::latin));
    REQUIRE(atlas.fonts().text != nullptr);
    CHECK(atlas.texture().width > 0);
  }
}

TEST_CASE("with the usual fonts every character of the program's strings is there, and no other") {
  if (!usual_fonts_are_here(Script::chinese)) {
    MESSAGE("this host lacks fonts-dejavu-core or fonts-wqy-microhei");
    return;
  }
  const FontAtlas with({15, Script::chinese, chinese}), without({15, Script::latin, chinese});
  check_all_fonts_work(with.fonts());
  for (ImFont* font : {with.fonts().text, with.fonts().mono, with.fonts().bold, with.fonts().title})
    CHECK(missing_glyphs(*font, chinese).empty());
  CHECK(missing_glyphs(with.fonts(), {"a虚b拟a"}) == std::vector<std::string>{"拟", "虚"});
  CHECK(missing_glyphs(with.fonts(), {"x\xf0\x9f\x98\x80\xff"}) ==
        std::vector<std::string>{"\xef\xbf\xbd", "\xf0\x9f\x98\x80"});
  CHECK(missing_glyphs(without.fonts(), chinese).size() == 4);
  CHECK(with.fonts().text->FontSize == 15);
  CHECK(with.fonts().title->FontSize == 21);
  CHECK(FontAtlas({30, Script::latin, {}}).fonts().title->FontSize == 42);
}
