// A prediction: the run pauses before an event, tells what is known so far, and shows the event once somebody has said
// what it will be.
#pragma once

#include "lab/task_run.h"

namespace trapline::lab {

struct Pause {
  std::string lane;
  u64 sequence = 0;
  std::vector<std::string> before;  // the last events that are known, as `trapline events` prints them
  std::vector<std::string> events;  // the one to be predicted, and what the task reveals with it
  std::string show;                 // the command that looks at it
};

// The first event that the task's filter matches in its lane. Errors name the task.
Result<Pause> pause_of(const Definition& definition, const LabLanes& lanes, const TaskRow& row);

}  // namespace trapline::lab
