// A filter's text as tokens.
#pragma once

#include <string_view>
#include <vector>

#include "base/integers.h"
#include "base/result.h"

namespace trapline::trace {

enum class TokenKind : u8 { word, number, compare, range, dot, open, close, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;
  std::size_t position = 0;  // from 1
  u64 number = 0;
};

// The last token is always `end`. Words are letters, digits, `_`, and `#` at their start (#PF).
Result<std::vector<Token>> filter_tokens(std::string_view text);

// "... at position 12 of the filter": how every error of the language begins.
Error filter_error(std::size_t position, const std::string& what);

}  // namespace trapline::trace
