// Plain text tables and numbers, as every subcommand prints them.
#pragma once

#include <string>
#include <vector>

#include "base/grouped.h"

namespace trapline::cli {

enum class Align : u8 { left, right };

// Columns as wide as their widest cell, two spaces between, no trailing space.
class Table {
 public:
  struct Column {
    std::string title;
    Align align = Align::left;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  // Each line begins with `indent`; the titles are left out where all of them are empty.
  std::string text(std::string_view indent = "  ") const;

 private:
  std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                   std::string_view indent) const;
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Breaks at spaces so that a line has at most 100 columns; lines from the second on are indented by `hanging` too.
std::string wrapped(const std::string& text, const std::string& indent = "", const std::string& hanging = "");

std::string hex(u64 value);                    // 0x1f; `unknown` for an unknown address
std::string padded_hex(u64 value);             // 16 digits; `unknown` likewise
std::string printable(std::string_view text);  // control characters as \xNN, but for line breaks

}  // namespace trapline::cli
