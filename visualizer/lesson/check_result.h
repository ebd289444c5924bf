// What `trapline check --format json` tells, read back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/report.h"

namespace trapline::window {

struct EventAt {
  std::string lane;
  u64 sequence = 0;
};

struct TaskResult {
  std::string id;
  check::Status status = check::Status::error;
  bool filled_in = true;
  std::string message, expected, actual, hint, printed;
  std::string event;          // that the failure points at, as `trapline events` prints it
  std::optional<EventAt> at;  // the same, where it lies in a lane of the lab
};

struct CheckResult {
  std::vector<TaskResult> tasks;
  std::string failure;  // why nothing could be checked
};

// Of the output of a check: its JSON among whatever else was printed. A text without any is a failure in its own words.
CheckResult read_check_result(const std::string& output);

// `event 516: ...` and the command that shows it, `... trapline-out/LAB/LANE.trap ...`.
std::optional<EventAt> event_at(const std::string& event, const std::string& show);

}  // namespace trapline::window
