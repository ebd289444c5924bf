// The guest's console at a moment: its lines, and which of them count for the digest.
#pragma once

#include <vector>

#include "visualizer/model/desk.h"

namespace trapline::window {

struct ConsoleLine {
  std::string text;
  bool fact = false;  // starts with `fact:`: part of the digest
};

struct ConsoleRows {
  std::vector<ConsoleLine> lines;
  u64 left_out = 0;  // lines before them: the last ones are kept
};

ConsoleRows console_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt);

}  // namespace trapline::window
