// Where a step leads: the next or previous event, instruction, stop, marker, hit of the filter, or change of what is
// selected.
#pragma once

#include "visualizer/model/desk.h"

namespace trapline::window {

enum class StepKind : u8 {
  event,
  instruction,  // to where another number of instructions has retired
  stop,         // a VM exit or a trap; where a lane tells of none, a return to the monitor's user half
  marker,
  hit,     // of the filter in Question::about; of every event where it is empty
  change,  // of the subject
};
enum class Direction : u8 { back, forward };

// The kinds of event at which this lane's guest loses the processor.
trace::KindSet stop_kinds(const trace::EventSource& source);

struct StepRows {
  bool done = false;  // false where the interrupt came first
  std::optional<u64> to;
};

// From question.at; nothing where there is no such place in that direction.
StepRows step(LaneSet& lanes, const Question& question, StepKind kind, Direction direction, const Interrupt& interrupt);

}  // namespace trapline::window
