// Words and lines that the parts of the printed comparison share.
#pragma once

#include <string>
#include <vector>

#include "cli/table.h"
#include "compare/comparison.h"

namespace trapline::cli {

using Lanes = std::vector<compare::Lane>;

// "full soft"; where two lanes are alike, with their place in front.
std::string lane_heading(const Lanes& lanes, std::size_t index);
std::string text_of(const compare::Cell& cell);
std::string join(const std::vector<std::string>& parts, const std::string& last);
// Words of the trace as the comparison prints them, where they are too long for a table.
std::string short_word(const std::string& word);

// What each kind of guest action took in every lane: a table of all occurrences, and the first one told event by event.
std::string compare_actions_text(const Lanes& lanes);

}  // namespace trapline::cli
