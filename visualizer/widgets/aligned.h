// Numbers that are compared stand right-aligned in their cells.
#pragma once

#include <string_view>

#include "visualizer/widgets/frame.h"

namespace trapline::window {

// Moves the cursor so that `words` in the mono font will end at the cell's right edge.
void align_right(const Frame& frame, std::string_view words);
// Mono text there.
void mono_right(const Frame& frame, std::string_view words, Colour colour);

}  // namespace trapline::window
