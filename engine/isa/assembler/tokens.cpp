// The lexer: no state beyond the line.
#include "isa/assembler/tokens.h"

#include <algorithm>

namespace trapline::isa::assembler {
namespace {

// Bounds what the whole names of local labels can take.
constexpr std::size_t longest_word = 128;

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }
bool is_letter(char letter) { return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z'); }
bool begins_word(char letter) { return is_letter(letter) || letter == '_' || letter == '.' || letter == '$'; }
bool is_word(char letter) { return begins_word(letter) || is_digit(letter) || letter == '@' || letter == '?'; }

unsigned digit_of(char letter) {
  if (is_digit(letter)) return static_cast<unsigned>(letter - '0');
  const char low = static_cast<char>(letter | 0x20);
  return low >= 'a' && low <= 'f' ? static_cast<unsigned>(low - 'a' + 10) : 99;
}

Result<u64> number_of(std::string_view text) {
  unsigned base = 10;
  std::string_view digits = text;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) base = 16;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'b' || text[1] == 'B')) base = 2;
  if (base != 10) digits.remove_prefix(2);
  u64 value = 0;
  bool any = false;
  for (const char letter : digits) {
    if (letter == '_') continue;
    const unsigned digit = digit_of(letter);
    if (digit >= base) return usage_error(quoted(text) + " is no number; write 10, 0x1f or 0b101");
    if (value > (~u64{0} - digit) / base) return usage_error(quoted(text) + " does not fit 64 bits");
    value = value * base + digit;
    any = true;
  }
  if (!any) return usage_error(quoted(text) + " is no number; write 10, 0x1f or 0b101");
  return value;
}

std::size_t sign_length(std::string_view rest) { return rest.starts_with("<<") || rest.starts_with(">>") ? 2 : 1; }

Error strange(std::string_view rest) {
  if (rest[0] == '%') return usage_error("'%' is of another syntax; Intel's writes registers without it, as rax");
  return usage_error(quoted(rest.substr(0, 1)) + " has no meaning here; comments begin with ';' or '#'");
}

}  // namespace

Result<std::vector<Token>> tokens_of(std::string_view line) {
  std::vector<Token> tokens;
  std::size_t at = 0;
  while (at < line.size() && line[at] != ';' && line[at] != '#') {
    const std::string_view rest = line.substr(at);
    Token token;
    std::size_t length = 1;
    if (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r') {
      ++at;
      continue;
    }
    if (begins_word(rest[0]) || is_digit(rest[0])) {
      length = static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_word) - rest.begin());
      if (length > longest_word) return usage_error("the word " + quoted(rest) + " has more than 128 characters");
      token = {is_digit(rest[0]) ? TokenKind::number : TokenKind::word, rest.substr(0, length)};
      if (token.kind == TokenKind::number) {
        const Result<u64> number = number_of(token.text);
        if (!number) return number.error();
        token.number = *number;
      }
    } else if (rest[0] == '"' || rest[0] == '\'') {
      const std::size_t close = rest.find(rest[0], 1);
      if (close == rest.npos) return usage_error("the string " + quoted(rest) + " is not closed");
      token = {TokenKind::string, rest.substr(1, close - 1)};
      length = close + 1;
    } else if (std::string_view("[]()+-*,:|&^~<>").find(rest[0]) != std::string_view::npos) {
      length = sign_length(rest);
      token = {TokenKind::sign, rest.substr(0, length)};
    } else {
      return strange(rest);
    }
    tokens.push_back(token);
    at += length;
  }
  tokens.push_back({});
  return tokens;
}

std::string quoted(std::string_view source) {
  constexpr std::size_t most = 60;
  std::string out = "'";
  for (const char letter : source.substr(0, most)) out += letter >= ' ' && letter <= '~' ? letter : '?';
  return out + (source.size() > most ? "...'" : "'");
}

}  // namespace trapline::isa::assembler
