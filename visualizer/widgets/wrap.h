// Where a line may break: at spaces, and between Chinese characters, which have none. Not before a closing sign or
// after an opening one.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

namespace trapline::window {

// The width of a stretch of text, in pixels.
using Measure = std::function<float(std::string_view)>;

// The lines of a paragraph; line breaks in it stay. A word wider than a line is broken anywhere.
std::vector<std::string_view> wrapped(std::string_view text, float width, const Measure& measure);

}  // namespace trapline::window
