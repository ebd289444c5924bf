// The few classes that a timeline's colours tell apart; every kind of event belongs to one.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "trace/schema.h"

namespace trapline::trace {

enum class LaneClass : u8 {
  exits,       // ways into the monitor and what it does there: exits, traps, hypercalls, VMCS accesses, handlers
  walks,       // page walks and their references
  tlb,         // translations kept and dropped
  tables,      // paging structures written, shadow tables, frame types
  devices,     // ports, console, virtqueues
  interrupts,  // exceptions, interrupts, event channels
  execution,   // instructions, memory accesses, what instructions did to registers
  other,
  count_,
};
inline constexpr std::size_t lane_classes = static_cast<std::size_t>(LaneClass::count_);
using ClassCounts = std::array<u64, lane_classes>;

std::string_view name_of(LaneClass lane_class);
LaneClass class_of(Kind kind);
// By a kind's number in a schema; kinds that this build has not got are `other`.
std::vector<LaneClass> classes_of(const Schema& schema);

}  // namespace trapline::trace
