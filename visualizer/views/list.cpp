#include "visualizer/views/list.h"

#include <algorithm>

namespace trapline::window {

namespace {

constexpr ViewRow rows[] = {
    {"timeline", Text::view_timeline, Text::view_timeline_doc, make_timeline_view},
    {"lesson", Text::view_lesson, Text::view_lesson_doc, make_lesson_view},
    {"events", Text::view_events, Text::view_events_doc, make_events_view},
    {"explain", Text::view_explain, Text::view_explain_doc, make_explain_view},
    {"compare", Text::view_compare, Text::view_compare_doc, make_compare_view},
    {"exits", Text::view_exits, Text::view_exits_doc, make_exits_view},
    {"walk", Text::view_walk, Text::view_walk_doc, make_walk_view},
    {"tables", Text::view_tables, Text::view_tables_doc, make_tables_view},
    {"ept", Text::view_ept, Text::view_ept_doc, make_ept_view},
    {"tlb", Text::view_tlb, Text::view_tlb_doc, make_tlb_view},
    {"vmcs", Text::view_vmcs, Text::view_vmcs_doc, make_vmcs_view},
    {"code", Text::view_code, Text::view_code_doc, make_code_view},
    {"registers", Text::view_registers, Text::view_registers_doc, make_registers_view},
    {"memory", Text::view_memory, Text::view_memory_doc, make_memory_view},
    {"ring", Text::view_ring, Text::view_ring_doc, make_ring_view},
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
