#include "trace/filter_lexer.h"

#include <cctype>
#include <charconv>

namespace trapline::trace {
namespace {

constexpr std::size_t most_filter_bytes = 16 * 1024;

bool is_word_letter(char letter) { return std::isalnum(static_cast<unsigned char>(letter)) || letter == '_'; }

// Text from an input that may hold anything, safe to show.
std::string shown(std::string_view text) {
  std::string out;
  for (const char letter : text.substr(0, 40)) out += letter >= ' ' && letter < 0x7f ? letter : '?';
  return out;
}

Result<Token> number_token(std::string_view text, std::size_t start, std::size_t& end) {
  while (end < text.size() && is_word_letter(text[end])) ++end;
  Token token{TokenKind::number, text.substr(start, end - start), start + 1, 0};
  std::string_view digits = token.text;
  int base = 10;
  if (digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')) {
    digits.remove_prefix(2);
    base = 16;
  }
  const auto [stop, trouble] = std::from_chars(digits.data(), digits.data() + digits.size(), token.number, base);
  if (trouble == std::errc::result_out_of_range)
    return filter_error(token.position, "the number " + shown(token.text) + " does not fit 64 bits");
  if (trouble != std::errc() || stop != digits.data() + digits.size())
    return filter_error(token.position, "'" + shown(token.text) + "' is no number; write 123 or 0x7b");
  return token;
}

}  // namespace

Error filter_error(std::size_t position, const std::string& what) {
  return usage_error("at position " + std::to_string(position) + " of the filter: " + what);
}

Result<std::vector<Token>> filter_tokens(std::string_view text) {
  if (text.size() > most_filter_bytes) return usage_error("the filter is longer than 16 KiB");
  std::vector<Token> tokens;
  std::size_t at = 0;
  const auto add = [&](TokenKind kind, std::size_t size) {
    tokens.push_back({kind, text.substr(at, size), at + 1, 0});
    at += size;
  };
  while (at < text.size()) {
    const char letter = text[at];
    const char following = at + 1 < text.size() ? text[at + 1] : '\0';
    if (letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r') {
      ++at;
    } else if (letter == '(' || letter == ')') {
      add(letter == '(' ? TokenKind::open : TokenKind::close, 1);
    } else if (letter == '.') {
      add(following == '.' ? TokenKind::range : TokenKind::dot, following == '.' ? 2 : 1);
    } else if ((letter == '=' || letter == '!') && following == '=') {
      add(TokenKind::compare, 2);
    } else if (letter == '<' || letter == '>') {
      add(TokenKind::compare, following == '=' ? 2 : 1);
    } else if (std::isdigit(static_cast<unsigned char>(letter))) {
      std::size_t end = at;
      Result<Token> number = number_token(text, at, end);
      if (!number) return number.error();
      tokens.push_back(*number);
      at = end;
    } else if (is_word_letter(letter) || (letter == '#' && is_word_letter(following))) {
      std::size_t end = at + 1;
      while (end < text.size() && is_word_letter(text[end])) ++end;
      add(TokenKind::word, end - at);
    } else if (letter == '=') {
      return filter_error(at + 1, "'=' compares nothing; write '=='");
    } else {
      return filter_error(at + 1, "'" + shown(text.substr(at, 1)) + "' has no meaning here");
    }
  }
  tokens.push_back({TokenKind::end, {}, text.size() + 1, 0});
  return tokens;
}

}  // namespace trapline::trace
