#include "visualizer/views/list.h"

#include <algorithm>

namespace trapline::window {

namespace {

constexpr ViewRow rows[] = {
    {"timeline", Text::view_timeline, Text::view_timeline_doc, make_timeline_view},
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
