// The window's four fonts in one atlas: text, figures and code, bold, and a title; each with Chinese characters behind
// the Latin ones when asked. Only the characters of the program's own strings go in, so that the atlas stays small and
// none is forgotten. A missing font costs a warning and a plainer look, never the window.
#pragma once

#include <filesystem>
#include <imgui.h>
#include <memory>
#include <string>
#include <vector>

#include "visualizer/render/software.h"

namespace trapline::window {

enum class Script { latin, chinese };

std::vector<std::filesystem::path> usual_font_folders();

struct FontRequest {
  double size = 15;  // of text, in pixels; the scale is already in it
  Script script = Script::latin;
  std::vector<std::string> texts;  // UTF-8: everything that may be shown; ASCII is always in
  std::vector<std::filesystem::path> folders = usual_font_folders();
};

struct FontSet {
  ImFont* text = nullptr;
  ImFont* mono = nullptr;
  ImFont* bold = nullptr;
  ImFont* title = nullptr;                    // bold, 1.4 times as large
  std::vector<std::string> warnings;          // one sentence per font file: what is missing, and what is lost with it
  std::shared_ptr<ImVector<ImWchar>> ranges;  // some releases read them for as long as the fonts live
};

// Fills an empty atlas and builds it. All four fonts are there afterwards, whatever the folders hold.
FontSet load_fonts(ImFontAtlas& atlas, const FontRequest& request);

// The characters of these strings that no font (or: this font) has, each once, in the order of their code points.
std::vector<std::string> missing_glyphs(const FontSet& fonts, const std::vector<std::string>& texts);
std::vector<std::string> missing_glyphs(const ImFont& font, const std::vector<std::string>& texts);

// An atlas of its own, with the texture that draw() takes. Contexts may share it, one after the other.
class FontAtlas {
 public:
  explicit FontAtlas(const FontRequest& request);
  FontAtlas(const FontAtlas&) = delete;
  FontAtlas& operator=(const FontAtlas&) = delete;

  ImFontAtlas& imgui() { return atlas_; }
  const FontSet& fonts() const { return fonts_; }
  const SoftwareTexture& texture() const { return texture_; }

 private:
  ImFontAtlas atlas_;
  FontSet fonts_;
  SoftwareTexture texture_;
};

}  // namespace trapline::window
