#include "visualizer/views/list.h"

#include <algorithm>

namespace trapline::window {

namespace {

constexpr ViewRow rows[] = {
    {"vmcs", Text::view_vmcs, Text::view_vmcs_doc, make_vmcs_view},
    {"code", Text::view_code, Text::view_code_doc, make_code_view},
    {"registers", Text::view_registers, Text::view_registers_doc, make_registers_view},
    {"memory", Text::view_memory, Text::view_memory_doc, make_memory_view},
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
