// Text as it is laid out: how many columns of a terminal it takes, and where a line may be broken. Chinese characters
// take two columns, and a line may end behind nearly every one of them; words of letters stay whole.
#pragma once

#include <string_view>
#include <vector>

#include "base/integers.h"

namespace trapline {

// One character of UTF-8 at the beginning of a text that is not empty; a byte that is none counts as one by itself.
struct Letter {
  char32_t code = 0;
  std::size_t bytes = 1;
};
Letter first_letter(std::string_view text);

// Two columns: Unicode's East Asian Width W and F, and the punctuation that Chinese text takes from the ambiguous ones.
bool is_wide(char32_t code);
std::size_t columns_of(std::string_view text);

// Whether a line may be broken between these two, neither being a space.
bool may_break_between(char32_t before, char32_t after);

// A stretch that no line break divides, and whether spaces stood before it.
struct Piece {
  std::string_view text;
  bool after_space = false;
};
std::vector<Piece> pieces_of(std::string_view text);

}  // namespace trapline
