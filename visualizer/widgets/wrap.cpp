#include "visualizer/widgets/wrap.h"

#include <algorithm>

namespace trapline::window {

namespace {

// Bytes of the UTF-8 character at `at`; 1 for what is none.
std::size_t length_at(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return std::min(length, text.size() - at);
}

bool is_one_of(std::string_view letter, std::string_view set) {
  return !letter.empty() && set.find(letter) != std::string_view::npos;
}

// Chinese characters and their signs: three bytes, from U+2E80 on.
bool is_wide(std::string_view letter) { return letter.size() == 3 && letter >= "\xe2\xba\x80"; }

constexpr std::string_view closing = "，。、：；？！）》」』”’…—", opening = "（《「『“‘";

bool may_break(std::string_view before, std::string_view after) {
  if (before == " ") return true;
  if (after == " " || is_one_of(after, closing) || is_one_of(before, opening)) return false;
  return is_wide(before) || is_wide(after);
}

// Pieces that are never broken inside, each with the spaces behind it.
std::vector<std::string_view> pieces_of(std::string_view line) {
  std::vector<std::string_view> pieces;
  std::size_t begin = 0;
  std::string_view before;
  for (std::size_t at = 0; at < line.size();) {
    const std::string_view letter = line.substr(at, length_at(line, at));
    if (at > begin && may_break(before, letter)) {
      pieces.push_back(line.substr(begin, at - begin));
      begin = at;
    }
    before = letter;
    at += letter.size();
  }
  if (begin < line.size()) pieces.push_back(line.substr(begin));
  return pieces;
}

// How many bytes of a piece fit; at least one character.
std::size_t fitting(std::string_view piece, float width, const Measure& measure) {
  std::size_t at = length_at(piece, 0);
  while (at < piece.size() && measure(piece.substr(0, at + length_at(piece, at))) <= width) at += length_at(piece, at);
  return at;
}

void wrap_line(std::string_view line, float width, const Measure& measure, std::vector<std::string_view>& lines) {
  const char* begin = line.data();
  float used = 0;
  const auto finish = [&](const char* end) {
    lines.emplace_back(begin, static_cast<std::size_t>(end - begin));
    begin = end;
    used = 0;
  };
  for (std::string_view piece : pieces_of(line)) {
    const std::size_t letters = piece.find_last_not_of(' ') + 1;
    if (used > 0 && used + measure(piece.substr(0, letters)) > width) finish(piece.data());
    while (used == 0 && measure(piece.substr(0, letters)) > width && piece.size() > length_at(piece, 0)) {
      const std::size_t bytes = fitting(piece, width, measure);
      if (bytes >= piece.size()) break;
      finish(piece.data() + bytes);
      piece.remove_prefix(bytes);
    }
    used += measure(piece);
  }
  lines.emplace_back(begin, static_cast<std::size_t>(line.data() + line.size() - begin));
}

}  // namespace

std::vector<std::string_view> wrapped(std::string_view text, float width, const Measure& measure) {
  std::vector<std::string_view> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    wrap_line(text.substr(0, end), width, measure, lines);
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

}  // namespace trapline::window
