// One function for each view; list.cpp holds their rows.
#pragma once

#include "visualizer/views/view.h"

namespace trapline::window {

std::unique_ptr<View> make_timeline_view();
std::unique_ptr<View> make_events_view();
std::unique_ptr<View> make_explain_view();
std::unique_ptr<View> make_walk_view();
std::unique_ptr<View> make_tables_view();
std::unique_ptr<View> make_ept_view();
std::unique_ptr<View> make_tlb_view();
std::unique_ptr<View> make_vmcs_view();
std::unique_ptr<View> make_code_view();
std::unique_ptr<View> make_registers_view();
std::unique_ptr<View> make_memory_view();
std::unique_ptr<View> make_console_view();
std::unique_ptr<View> make_exits_view();
std::unique_ptr<View> make_ring_view();
std::unique_ptr<View> make_compare_view();
std::unique_ptr<View> make_lesson_view();

}  // namespace trapline::window
