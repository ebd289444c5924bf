// A submission held against its lab. Each task is checked in a process of its own, with the submission's state and the
// check's state apart; what the child finds comes back as data, and whatever else becomes of it is an `error` of this
// task alone. Nothing that a learner's script can reach writes the result.
#pragma once

#include "check/report.h"
#include "lab/child.h"
#include "lab/place.h"

namespace trapline::lab {

struct CheckRequest {
  Place place;
  std::string file;  // of the submission; the lab's exercise.lua where empty
  u64 seed = 1;
  Language language = Language::english;  // of all that people read
  std::string task;                       // only this one; all where empty
  u64 hint = 1;                           // which of a task's hints a failure shows
  bool keep = true;  // traces that a failure points at go to trapline-out/, where its command looks
  ChildLimits limits;
  u64 submission_instructions = 50'000'000;
  u64 submission_memory = 64 << 20;
};

// A mistake in the lab's own files is a report that says so; errors are bad requests and interruption.
Result<check::Report> check_submission(const CheckRequest& request);

}  // namespace trapline::lab
