#include "visualizer/widgets/wrap.h"

#include "base/wide_text.h"

namespace trapline::window {

namespace {

// How many bytes of a piece fit; at least one character.
std::size_t fitting(std::string_view piece, float width, const Measure& measure) {
  std::size_t at = first_letter(piece).bytes;
  while (at < piece.size() && measure(piece.substr(0, at + first_letter(piece.substr(at)).bytes)) <= width)
    at += first_letter(piece.substr(at)).bytes;
  return at;
}

void wrap_line(std::string_view line, float width, const Measure& measure, std::vector<std::string_view>& lines) {
  const char* begin = line.data();
  const auto used_with = [&](std::string_view piece) {
    return measure(std::string_view(begin, static_cast<std::size_t>(piece.data() + piece.size() - begin)));
  };
  const auto finish = [&](const char* end) {
    lines.emplace_back(begin, static_cast<std::size_t>(end - begin));
    begin = end;
  };
  for (const Piece& next : pieces_of(line)) {
    std::string_view piece = next.text;
    if (piece.data() > begin && used_with(piece) > width) finish(piece.data());
    while (measure(piece) > width && piece.size() > first_letter(piece).bytes) {
      const std::size_t bytes = fitting(piece, width, measure);
      if (bytes >= piece.size()) break;
      finish(piece.data() + bytes);
      piece.remove_prefix(bytes);
    }
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
