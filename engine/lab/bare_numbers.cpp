#include <algorithm>
#include <cctype>

#include "lab/lint.h"

namespace trapline::lab {

namespace {

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }
bool is_word(char letter) { return std::isalnum(static_cast<unsigned char>(letter)) || letter == '_'; }

// Bits 47:39 and a 64-bit word are names, not measurements.
bool is_name(const std::string& text, std::size_t begin, std::size_t end) {
  if (begin > 1 && text[begin - 1] == ':' && is_digit(text[begin - 2])) return true;
  if (end + 1 >= text.size()) return false;
  return (text[end] == ':' && is_digit(text[end + 1])) || (text[end] == '-' && is_word(text[end + 1]));
}

// Blanks what is no prose, line breaks excepted: from `open` to `close`, both included.
void blank(std::string& text, std::string_view open, std::string_view close) {
  for (std::size_t at = text.find(open); at != std::string::npos; at = text.find(open, at)) {
    const std::size_t found = text.find(close, at + open.size());
    const std::size_t end = found == std::string::npos ? text.size() : found + close.size();
    for (; at < end; ++at)
      if (text[at] != '\n') text[at] = ' ';
  }
}

}  // namespace

std::vector<BareNumber> bare_numbers(const std::string& source) {
  std::string text = source;
  blank(text, "<!--", "-->");
  blank(text, "```", "```");
  blank(text, "{{", "}}");
  blank(text, "](", ")");
  blank(text, "`", "`");
  std::vector<BareNumber> found;
  unsigned line = 1;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n') ++line;
    if (!is_digit(text[at]) || (at > 0 && (is_word(text[at - 1]) || text[at - 1] == '.'))) continue;
    std::string digits;
    std::size_t end = at;
    while (end < text.size() &&
           (is_digit(text[end]) || (text[end] == ',' && end + 1 < text.size() && is_digit(text[end + 1]))))
      if (text[end++] != ',') digits += text[end - 1];
    const bool whole = end >= text.size() || !is_word(text[end]);
    if (whole && digits.size() > 1 && !is_name(text, at, end)) found.push_back({digits, line});
    at = end - 1;
  }
  return found;
}

}  // namespace trapline::lab
