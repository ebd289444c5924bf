// A check in a process of its own: this very program runs `check`, and its report comes back over a pipe. Nothing here
// waits; whoever owns the job looks in every frame.
#pragma once

#include <chrono>
#include <memory>

#include "base/language.h"
#include "base/result.h"
#include "visualizer/lesson/check_result.h"

namespace trapline::window {

struct CheckOrder {
  std::string program = "/proc/self/exe";
  std::string lab, file, task;  // all tasks where empty
  u64 seed = 1;
  Language language = Language::english;
  u64 limit_seconds = 240;  // a guard behind the check's own limits
};

class CheckJob {
 public:
  static Result<std::unique_ptr<CheckJob>> start(CheckOrder order);
  ~CheckJob();  // ends the process where it still runs
  CheckJob(const CheckJob&) = delete;
  CheckJob& operator=(const CheckJob&) = delete;

  const CheckOrder& order() const { return order_; }
  // The result once the process has ended, or was ended by the limit.
  std::optional<CheckResult> poll();
  // Waits up to so long for the result.
  std::optional<CheckResult> wait(std::chrono::milliseconds most);

 private:
  CheckJob(CheckOrder order, int process, int pipe);
  bool read_more();  // false once the pipe's other end is closed
  void end_process();

  CheckOrder order_;
  int process_, pipe_;
  std::string output_;
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace trapline::window
