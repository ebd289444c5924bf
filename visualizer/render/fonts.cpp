// Dear ImGui ends the program when a font file is missing or damaged. So FreeType is asked first, and what it cannot
// open never reaches the atlas.
#include "visualizer/render/fonts.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <fstream>
#include <ft2build.h>
#include <map>
#include <optional>
#include <set>

#include "visualizer/render/imgui_input.h"
#include FT_FREETYPE_H

namespace trapline::window {

namespace {

constexpr std::uintmax_t largest_font = std::uintmax_t{64} << 20;
constexpr double smallest_size = 6, largest_size = 96;

bool opens(const std::string& bytes) {
  FT_Library library = nullptr;
  if (FT_Init_FreeType(&library) != 0) return false;
  FT_Face face = nullptr;
  const auto* data = reinterpret_cast<const FT_Byte*>(bytes.data());
  const bool opened = FT_New_Memory_Face(library, data, static_cast<FT_Long>(bytes.size()), 0, &face) == 0 &&
                      FT_Select_Charmap(face, FT_ENCODING_UNICODE) == 0 && FT_IS_SCALABLE(face);
  FT_Done_FreeType(library);  // with its faces
  return opened;
}

std::optional<std::string> read_font(const std::filesystem::path& path) {
  std::error_code trouble;
  const auto size = std::filesystem::file_size(path, trouble);
  if (trouble || size == 0 || size > largest_font) return std::nullopt;
  std::string bytes(size, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size)) || !opens(bytes)) return std::nullopt;
  return bytes;
}

// Reads each file once and remembers which were not there.
class Files {
 public:
  explicit Files(const FontRequest& request) : folders_(request.folders) {}

  // Empty if no folder has a file of this name that FreeType opens.
  const std::string& bytes(const std::string& name) {
    const auto known = bytes_.find(name);
    if (known != bytes_.end()) return known->second;
    for (const std::filesystem::path& folder : folders_)
      if (std::optional<std::string> found = read_font(folder / name)) return bytes_[name] = std::move(*found);
    return bytes_[name] = {};
  }

 private:
  const std::vector<std::filesystem::path>& folders_;
  std::map<std::string, std::string> bytes_;
};

class Loader {
 public:
  Loader(ImFontAtlas& atlas, const FontRequest& request) : atlas_(atlas), request_(request), files_(request) {}

  FontSet load() {
    choose_font_builder(atlas_);
    choose_ranges();
    const double size = std::clamp(std::isnan(request_.size) ? 15 : request_.size, smallest_size, largest_size);
    const float text_size = static_cast<float>(std::round(size));
    const float title_size = static_cast<float>(std::round(size * 1.4));
    fonts_.text = add("DejaVuSans.ttf", "text", text_size);
    fonts_.mono = add("DejaVuSansMono.ttf", "figures and code", text_size);
    fonts_.bold = add("DejaVuSans-Bold.ttf", "bold text", text_size);
    fonts_.title = add("DejaVuSans-Bold.ttf", "bold text", title_size);
    if (!atlas_.Build()) build_with_built_in_font(text_size, title_size);
    return std::move(fonts_);
  }

 private:
  void choose_ranges() {
    ImFontGlyphRangesBuilder builder;
    for (ImWchar character = ' '; character < 127; ++character) builder.AddChar(character);
    builder.AddChar(0x2026);  // what a text too long ends with
    for (const std::string& text : request_.texts) builder.AddText(text.data(), text.data() + text.size());
    fonts_.ranges = std::make_shared<ImVector<ImWchar>>();
    builder.BuildRanges(fonts_.ranges.get());
  }

  ImFontConfig configuration() const {
    ImFontConfig configured;
    configured.FontDataOwnedByAtlas = false;  // the atlas takes a copy
    configured.OversampleH = configured.OversampleV = 1;
    configured.PixelSnapH = true;  // glyphs at whole pixels are drawn as the atlas has them
    configured.GlyphRanges = fonts_.ranges->Data;
    return configured;
  }

  ImFont* add(const std::string& name, const std::string& use, float size) {
    const std::string& bytes = files_.bytes(name);
    ImFontConfig configured = configuration();
    ImFont* font = bytes.empty() ? add_built_in(size) : add_bytes(bytes, size, configured);
    if (bytes.empty())
      warn(name, "fonts-dejavu-core", use + " is shown in Dear ImGui's built-in font, which has Latin letters only");
    if (request_.script == Script::chinese) add_chinese(size);
    return font;
  }

  void add_chinese(float size) {
    const std::string name = "wqy-microhei.ttc";
    const std::string& bytes = files_.bytes(name);
    if (bytes.empty()) return warn(name, "fonts-wqy-microhei", "Chinese characters are shown as question marks");
    ImFontConfig configured = configuration();
    configured.MergeMode = true;  // what the font before it has stays as it is
    configured.FontNo = 0;
    // The strokes of a dense character need more pixels than a letter's; at the same size they run into each other.
    add_bytes(bytes, std::round(size * 1.1f), configured);
  }

  ImFont* add_bytes(const std::string& bytes, float size, const ImFontConfig& configured) {
    return atlas_.AddFontFromMemoryTTF(const_cast<char*>(bytes.data()), static_cast<int>(bytes.size()), size,
                                       &configured, fonts_.ranges->Data);
  }

  ImFont* add_built_in(float size) {
    ImFontConfig configured;
    configured.SizePixels = size;
    configured.OversampleH = configured.OversampleV = 1;
    configured.PixelSnapH = true;
    return atlas_.AddFontDefault(&configured);
  }

  void build_with_built_in_font(float text_size, float title_size) {
    atlas_.Clear();
    fonts_.text = fonts_.mono = fonts_.bold = add_built_in(text_size);
    fonts_.title = add_built_in(title_size);
    fonts_.warnings = {
        "The fonts could not be drawn into one picture: all text is shown in Dear ImGui's built-in font."};
    [[maybe_unused]] const bool built = atlas_.Build();
    assert(built);
  }

  void warn(const std::string& name, const std::string& package, const std::string& loss) {
    const std::string sentence =
        "No usable font file " + name + " was found (Debian's package " + package + " has it): " + loss + ".";
    if (std::find(fonts_.warnings.begin(), fonts_.warnings.end(), sentence) == fonts_.warnings.end())
      fonts_.warnings.push_back(sentence);
  }

  ImFontAtlas& atlas_;
  const FontRequest& request_;
  Files files_;
  FontSet fonts_;
};

// UTF-8 as lenient as the glyph ranges' own reader: a byte that starts no character stands for U+FFFD.
char32_t next_code_point(const std::string& text, std::size_t& at) {
  const u8 lead = static_cast<u8>(text[at++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xf0 && lead < 0xf8   ? 3
                   : lead >= 0xe0 && lead < 0xf0 ? 2
                   : lead >= 0xc0 && lead < 0xe0 ? 1
                                                 : 0;
  if (more == 0 || at + static_cast<std::size_t>(more) > text.size()) return 0xfffd;
  char32_t value = lead & (0x3f >> more);
  for (int count = 0; count < more; ++count) {
    const u8 byte = static_cast<u8>(text[at]);
    if ((byte & 0xc0) != 0x80) return 0xfffd;
    value = value << 6 | (byte & 0x3f);
    ++at;
  }
  return value;
}

std::set<char32_t> code_points(const std::vector<std::string>& texts) {
  std::set<char32_t> found;
  for (const std::string& text : texts)
    for (std::size_t at = 0; at < text.size();) found.insert(next_code_point(text, at));
  return found;
}

std::string utf8(char32_t value) {
  if (value < 0x80) return std::string(1, static_cast<char>(value));
  const int more = value < 0x800 ? 1 : value < 0x10000 ? 2 : 3;
  std::string text(1, static_cast<char>((0xff00 >> (more + 1) & 0xff) | value >> (6 * more)));
  for (int count = more - 1; count >= 0; --count) text += static_cast<char>(0x80 | (value >> (6 * count) & 0x3f));
  return text;
}

bool has(const ImFont& font, char32_t character) {
  return character <= IM_UNICODE_CODEPOINT_MAX &&
         const_cast<ImFont&>(font).FindGlyphNoFallback(static_cast<ImWchar>(character)) != nullptr;
}

std::vector<std::string> missing(const std::vector<const ImFont*>& fonts, const std::vector<std::string>& texts) {
  std::vector<std::string> result;
  for (char32_t character : code_points(texts)) {
    if (character < ' ') continue;  // line ends and tabs have no glyph
    const bool found =
        std::any_of(fonts.begin(), fonts.end(), [&](const ImFont* font) { return has(*font, character); });
    if (!found) result.push_back(utf8(character));
  }
  return result;
}

}  // namespace

std::vector<std::filesystem::path> usual_font_folders() {
  return {"/usr/share/fonts/truetype/dejavu",
          "/usr/share/fonts/truetype/wqy",
          "/usr/share/fonts/TTF",
          "/usr/share/fonts/dejavu",
          "/usr/share/fonts/dejavu-sans-fonts",
          "/usr/share/fonts/dejavu-sans-mono-fonts",
          "/usr/share/fonts/wqy-microhei",
          "/usr/share/fonts/wqy-microhei-fonts",
          "/usr/share/fonts/wenquanyi/wqy-microhei",
          "/usr/local/share/fonts"};
}

FontSet load_fonts(ImFontAtlas& atlas, const FontRequest& request) { return Loader(atlas, request).load(); }

std::vector<std::string> missing_glyphs(const FontSet& fonts, const std::vector<std::string>& texts) {
  return missing({fonts.text, fonts.mono, fonts.bold, fonts.title}, texts);
}

std::vector<std::string> missing_glyphs(const ImFont& font, const std::vector<std::string>& texts) {
  return missing({&font}, texts);
}

FontAtlas::FontAtlas(const FontRequest& request) : fonts_(load_fonts(atlas_, request)) {
  unsigned char* alpha = nullptr;
  atlas_.GetTexDataAsAlpha8(&alpha, &texture_.width, &texture_.height);
  texture_.alpha.assign(alpha, alpha + std::size_t(texture_.width) * std::size_t(texture_.height));
  atlas_.SetTexID(texture_id(texture_));
}

}  // namespace trapline::window
