// Bytes become text; nothing is interpreted here, printers escape what does not print.
#include "views/console.h"

namespace trapline::views {

trace::KindSet ConsoleView::kinds(const trace::EventSource& source) { return source.kinds<trace::Console>(); }

void ConsoleView::add(const trace::RecordedEvent& event) {
  if (const auto console = event.as<trace::Console>()) text += static_cast<char>(console->byte);
}

std::string ConsoleView::facts() const {
  std::string result;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = text.find('\n', start);
    if (end == std::string::npos) break;
    const std::string_view line = std::string_view(text).substr(start, end + 1 - start);
    if (line.starts_with("fact:")) result += line;
    start = end + 1;
  }
  return result;
}

}  // namespace trapline::views
