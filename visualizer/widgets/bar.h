// A number with a bar behind it: lengths are compared at a glance, digits say how much.
#pragma once

#include <string_view>

#include "visualizer/widgets/frame.h"

namespace trapline::window {

// Fills what is left of the line or table cell: a bar of `permille` of its width, the words at its right end. True when
// it was pressed, where it can be.
enum class BarUse : u8 { shown, pressable };
bool bar(const Frame& frame, const char* id, u64 permille, std::string_view words, Colour colour,
         BarUse use = BarUse::shown);
// Words in the mono font at the right end of a table cell.
void right_mono(const Frame& frame, std::string_view words, Colour colour);

// Parts of a whole in thousandths, at most 1000; 0 of nothing.
u64 permille_of(u64 part, u64 whole);
// "56.3 %", from thousandths.
std::string percent_text(u64 permille);

}  // namespace trapline::window
