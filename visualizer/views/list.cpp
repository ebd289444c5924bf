#include "visualizer/views/list.h"

#include <algorithm>

namespace trapline::window {

namespace {

constexpr ViewRow rows[] = {
    {"walk", Text::view_walk, Text::view_walk_doc, make_walk_view},
    {"tables", Text::view_tables, Text::view_tables_doc, make_tables_view},
    {"ept", Text::view_ept, Text::view_ept_doc, make_ept_view},
    {"tlb", Text::view_tlb, Text::view_tlb_doc, make_tlb_view},
    {"console", Text::view_console, Text::view_console_doc, make_console_view},
};

}  // namespace

std::span<const ViewRow> all_views() { return rows; }

const ViewRow* find_view(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(rows), std::end(rows), [&](const ViewRow& row) { return row.name == name; });
  return found == std::end(rows) ? nullptr : found;
}

}  // namespace trapline::window
