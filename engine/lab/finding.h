// What a child process says of its task, as bytes and back. Bytes that are not such a message give nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/report.h"

namespace trapline::lab {

struct Finding {
  check::Status status = check::Status::error;
  check::Trouble trouble = check::Trouble::internal;
  bool filled_in = true;
  std::string message, expected, actual, event, show, hint;
  std::string printed;              // by the submission
  std::vector<std::string> traces;  // files that the failure points at
};

std::string bytes_of(const Finding& finding);
std::optional<Finding> finding_of(std::string_view bytes);

}  // namespace trapline::lab
