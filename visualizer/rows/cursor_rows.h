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
  std::string action;  // the innermost guest action that is going on: "disk_block 3"; empty for none known
  StepOf stop, marker;
};
CursorRows cursor_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt);

// Where guest actions begin, as far as the lanes' indices have been built. A question should hold how far that is.
struct ActionsRows {
  std::vector<std::vector<trace::ActionBegin>> lanes;  // in order

  // The last action of `lane` that had begun by `sequence`; null for none.
  const trace::ActionBegin* at(std::size_t lane, u64 sequence) const;
  // The same action in another lane; null where it has not begun it.
  const trace::ActionBegin* same(std::size_t lane, const trace::ActionBegin& action) const;
};
ActionsRows actions_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt);

}  // namespace trapline::window
