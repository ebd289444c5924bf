// What every technique is: a monitor that runs one guest on one vCPU, one passage through its door at a time.
//
// A lane is `while (!ending) ending = monitor.step();`. Between two steps anything may be looked at, and other lanes of
// the same process may take theirs. request_stop() may come from another thread or a signal handler.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "metal/metal.h"

namespace trapline::technique {

struct Limits {
  u64 budget = ~0ULL;       // as metal::RunUntil counts it
  u64 nanoseconds = ~0ULL;  // of guest time, only where that is the host's (a metal that does not count instructions)
};

// How a lane ended, and why in one sentence (empty when the guest ended by itself with code 0).
struct Ending {
  trace::Outcome outcome = trace::Outcome::failed;
  u32 exit_code = 0;
  std::string sentence;
};

class Monitor {
 public:
  virtual ~Monitor() = default;

  virtual std::optional<Ending> step() = 0;

  void request_stop() {
    stop_.store(true);
    vcpu_.kick();
  }

 protected:
  explicit Monitor(metal::Vcpu& vcpu) : vcpu_(vcpu) {}
  bool stop_requested() const { return stop_.load(); }

  metal::Vcpu& vcpu_;

 private:
  std::atomic<bool> stop_{false};
  static_assert(std::atomic<bool>::is_always_lock_free);
};

}  // namespace trapline::technique
