#include "base/wide_text.h"

#include <algorithm>

namespace trapline {

namespace {

struct Range {
  char32_t first, last;
};

constexpr Range wide[] = {{0x1100, 0x115f}, {0x2e80, 0x303e},   {0x3041, 0x33ff},  {0x3400, 0x4dbf}, {0x4e00, 0x9fff},
                          {0xa000, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},  {0xfe30, 0xfe4f}, {0xff00, 0xff60},
                          {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x20000, 0x3fffd}};

// Full stop, comma, and what else closes: it stays with what it ends. Quotation marks and dots of Chinese text are the
// Latin ones, one column wide.
constexpr std::u32string_view never_first = U"，。：；？！、）》」』】”’…—·%,.;:?!)]}";
constexpr std::u32string_view never_last = U"（《「『【“‘([{";

bool is_space(char letter) { return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r'; }

bool follows(unsigned char byte) { return (byte & 0xC0) == 0x80; }

}  // namespace

Letter first_letter(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (bytes == 1 || bytes > text.size()) return {lead, 1};
  char32_t code = lead & (0x7FU >> bytes);
  for (std::size_t at = 1; at < bytes; ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (!follows(byte)) return {lead, 1};
    code = code << 6 | (byte & 0x3F);
  }
  return {code, bytes};
}

bool is_wide(char32_t code) {
  return code >= wide[0].first && std::any_of(std::begin(wide), std::end(wide), [code](const Range& range) {
           return code >= range.first && code <= range.last;
         });
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Letter letter = first_letter(text);
    columns += is_wide(letter.code) ? 2 : 1;
    text.remove_prefix(letter.bytes);
  }
  return columns;
}

bool may_break_between(char32_t before, char32_t after) {
  if (never_first.find(after) != std::u32string_view::npos) return false;
  if (never_last.find(before) != std::u32string_view::npos) return false;
  // A Latin quotation mark belongs to what it encloses, so only a wide character makes a place to break.
  return is_wide(before) || is_wide(after);
}

std::vector<Piece> pieces_of(std::string_view text) {
  std::vector<Piece> pieces;
  std::size_t begin = 0;
  char32_t before = 0;
  bool open = false, space = false;
  for (std::size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      if (open) pieces.back().text = text.substr(begin, at - begin);
      open = false;
      space = true;
      ++at;
      continue;
    }
    const Letter letter = first_letter(text.substr(at));
    if (!open || may_break_between(before, letter.code)) {
      if (open) pieces.back().text = text.substr(begin, at - begin);
      pieces.push_back({{}, space});
      begin = at;
      open = true;
      space = false;
    }
    before = letter.code;
    at += letter.bytes;
  }
  if (open) pieces.back().text = text.substr(begin);
  return pieces;
}

}  // namespace trapline
