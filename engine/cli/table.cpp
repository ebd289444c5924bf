#include "cli/table.h"

#include <algorithm>
#include <cstdio>

#include "base/address.h"
#include "base/hex.h"
#include "base/wide_text.h"

namespace trapline::cli {

std::string Table::line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                        std::string_view indent) const {
  std::string result(indent);
  for (std::size_t index = 0; index < columns_.size(); ++index) {
    const std::string cell = index < cells.size() ? cells[index] : "";
    const std::string space(widths[index] - columns_of(cell), ' ');
    if (index > 0) result += "  ";
    result += columns_[index].align == Align::right ? space + cell : cell + space;
  }
  while (!result.empty() && result.back() == ' ') result.pop_back();
  return result + "\n";
}

std::string Table::text(std::string_view indent) const {
  std::vector<std::size_t> widths;
  std::vector<std::string> titles;
  for (std::size_t index = 0; index < columns_.size(); ++index) {
    std::size_t width = columns_of(columns_[index].title);
    for (const auto& row : rows_)
      if (index < row.size()) width = std::max(width, columns_of(row[index]));
    widths.push_back(width);
    titles.push_back(columns_[index].title);
  }
  std::string result;
  if (std::any_of(titles.begin(), titles.end(), [](const auto& title) { return !title.empty(); }))
    result += line(titles, widths, indent);
  for (const auto& row : rows_) result += line(row, widths, indent);
  return result;
}

std::string hex(u64 value) {
  if (value == unknown_address) return "unknown";
  return hex_number(value);
}

std::string padded_hex(u64 value) {
  if (value == unknown_address) return "unknown";
  char text[24];
  std::snprintf(text, sizeof text, "0x%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::string printable(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '\n' || (byte >= 0x20 && byte != 0x7f)) {
      result += letter;
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
    result += escaped;
  }
  return result;
}

std::string wrapped(const std::string& text, const std::string& indent, const std::string& hanging) {
  std::string out, line, margin = indent;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t space = std::min(text.find(' ', at), text.size());
    std::vector<Piece> pieces = pieces_of(std::string_view(text).substr(at, space - at));
    if (pieces.empty()) pieces.push_back({});
    pieces.front().after_space = true;
    for (const Piece& piece : pieces) {
      const std::string gap = line.empty() || !piece.after_space ? "" : " ";
      if (!line.empty() && margin.size() + columns_of(line) + gap.size() + columns_of(piece.text) > 100) {
        out += margin + line + "\n";
        line = piece.text;
        margin = indent + hanging;
      } else {
        line += gap + std::string(piece.text);
      }
    }
    at = space + 1;
  }
  return out + margin + line + "\n";
}

}  // namespace trapline::cli
