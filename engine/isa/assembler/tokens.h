// One source line as words, numbers, strings and signs.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/integers.h"
#include "base/result.h"

namespace trapline::isa::assembler {

enum class TokenKind : u8 { word, number, string, sign, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;  // as written; of a string: what stands between the quotes
  u64 number = 0;         // number

  bool is(std::string_view sign) const { return kind == TokenKind::sign && text == sign; }
};

// The tokens of a line without its comment, closed by one of kind `end`. Numbers are decimal, 0x... or 0b..., with _
// between digits; strings stand in "..." or '...' and know no escapes. The error names what is wrong, without the line.
Result<std::vector<Token>> tokens_of(std::string_view line);

// A token or a piece of source to put into a sentence: shortened, and nothing in it that a terminal would obey.
std::string quoted(std::string_view source);

// A reader's place in a line.
class Cursor {
 public:
  explicit Cursor(const std::vector<Token>& tokens) : tokens_(tokens) {}
  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  const Token& next() {
    const Token& token = peek();
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool take(std::string_view sign) {
    if (!peek().is(sign)) return false;
    next();
    return true;
  }
  bool at_end() const { return peek().kind == TokenKind::end; }

 private:
  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
};

}  // namespace trapline::isa::assembler
