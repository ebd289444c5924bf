#include "pictures/made_with.h"

#include <fstream>
#include <ft2build.h>
#include <imgui.h>
#include <iterator>
#include <sstream>

#include "base/sha256.h"
#include "visualizer/render/fonts.h"
#include FT_FREETYPE_H

namespace trapline::window::test {

namespace {

std::string freetype_version() {
  FT_Library library = nullptr;
  if (FT_Init_FreeType(&library) != 0) return "none";
  int major = 0, minor = 0, patch = 0;
  FT_Library_Version(library, &major, &minor, &patch);
  FT_Done_FreeType(library);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::string font_hash(const char* name) {
  for (const auto& folder : usual_font_folders()) {
    std::ifstream file(folder / name, std::ios::binary);
    if (!file) continue;
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    return sha256_hex(std::as_bytes(std::span(bytes)));
  }
  return "missing";
}

}  // namespace

std::string letters_made_with() {
  std::string text = std::string("Dear ImGui ") + ImGui::GetVersion() + "\nFreeType " + freetype_version() + "\n";
  for (const char* const font : {"DejaVuSans.ttf", "DejaVuSansMono.ttf", "DejaVuSans-Bold.ttf"})
    text += std::string(font) + " " + font_hash(font) + "\n";
  return text;
}

std::string first_difference(const std::string& text, const std::string& other) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (("\n" + other).find("\n" + line + "\n") == std::string::npos) return line;
  return "nothing known";
}

}  // namespace trapline::window::test
