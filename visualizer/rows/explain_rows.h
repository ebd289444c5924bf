// What the event under the cursor is, and why it happened here.
#pragma once

#include "explain/explain.h"
#include "visualizer/model/desk.h"

namespace trapline::window {

struct ExplainRows {
  bool known = false;
  u64 sequence = 0;
  trace::Provenance provenance = trace::Provenance::observed;
  explain::Explanation explanation;
  std::vector<std::pair<std::string, std::string>> fields;  // as the event has them
};

ExplainRows explain_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt);

}  // namespace trapline::window
