// Ctrl-C and SIGTERM while a lane runs: the lane ends as `interrupted`, its trace whole. A second one ends the program.
#pragma once

#include "session/session.h"

namespace trapline::cli {

class InterruptGuard {
 public:
  explicit InterruptGuard(session::Session& session);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

}  // namespace trapline::cli
