#include "visualizer/rows/console_rows.h"

#include "views/console.h"

namespace trapline::window {

namespace {

constexpr std::size_t most_lines = 2000;

// What a terminal could not show is shown as what it is.
std::string visible(std::string_view line) {
  std::string out;
  for (const char letter : line) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '\r') continue;
    if (byte >= 0x20 && byte < 0x7f) {
      out += letter;
    } else {
      constexpr char digits[] = "0123456789abcdef";
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

}  // namespace

ConsoleRows console_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt) {
  ConsoleRows rows;
  Lane* const lane = lanes.at(question.at.lane);
  const auto* console = lane == nullptr ? nullptr : lane->after<views::ConsoleView>(question.at.sequence, interrupt);
  if (console == nullptr) return rows;
  std::string_view rest = console->text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rows.lines.push_back({visible(line), line.starts_with("fact:")});
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  if (rows.lines.size() > most_lines) {
    rows.left_out = rows.lines.size() - most_lines;
    rows.lines.erase(rows.lines.begin(), rows.lines.end() - most_lines);
  }
  return rows;
}

}  // namespace trapline::window
