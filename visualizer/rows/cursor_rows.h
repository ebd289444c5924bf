// What the top of the window says of the place under the cursor, and where guest actions begin in every lane.
#pragma once

#include <vector>

#include "visualizer/model/desk.h"

namespace trapline::window {

// The k-th of n, from 1; 0 before the first.
struct StepOf {
  u64 k = 0, n = 0;
};

struct CursorRows {
  bool known = false;  // false in a damaged part of a trace
  std::string kind, fields;
  u64 tick = 0;
  u64 retired = trace::unknown_number;
  trace::Provenance provenance = trace::Provenance::observed;
  std::string action;  // the innermost guest action that is going on: "disk_block 3"; empty for none
  StepOf stop, marker;
};
CursorRows cursor_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt);

// Where an action of the guest's begins.
struct ActionBegin {
  u64 sequence = 0;
  u8 action = 0;
  u32 ordinal = 0;
};
struct ActionsRows {
  std::vector<std::vector<ActionBegin>> lanes;  // in order; at most 100,000 a lane

  // The last action of `lane` that had begun by `sequence`; null for none.
  const ActionBegin* at(std::size_t lane, u64 sequence) const;
  // The same action in another lane; null where it has not begun it.
  const ActionBegin* same(std::size_t lane, const ActionBegin& action) const;
};
ActionsRows actions_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt);

}  // namespace trapline::window
