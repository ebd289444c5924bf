// What decides how letters look, pixel by pixel: the releases of Dear ImGui and FreeType, and the bytes of the fonts.
#pragma once

#include <string>

namespace trapline::window::test {

// A line each: `Dear ImGui 1.86`, `FreeType 2.12.1`, `DejaVuSans.ttf SHA-256`.
std::string letters_made_with();

// The first line of `text` that `other` has not got; a word for nothing where there is none.
std::string first_difference(const std::string& text, const std::string& other);

}  // namespace trapline::window::test
