// Load, run, stop: the one thing that a front may drive. A session is one lane, from a request to a whole trace file.
//
//   auto session = Session::open(request);       nothing is left behind where this fails
//   auto result = (*session)->run();             or step() ... finish(), with anything in between
//
// Sessions share nothing: several may live, and take turns, in one process. request_stop() ends a lane as
// `interrupted`, its trace whole; it may be called from a signal handler or another thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "session/request.h"

namespace trapline::session {

// Where machines come from; tests bring their own.
using MakeMachine = std::function<Result<std::unique_ptr<metal::Machine>>(
    trace::MetalKind metal, const metal::MachineOptions& options, trace::Bus& bus)>;

class Session {
 public:
  // On the metals of this build (metals.cpp).
  static Result<std::unique_ptr<Session>> open(const RunRequest& request);
  static Result<std::unique_ptr<Session>> open(const RunRequest& request, const MakeMachine& make_machine);
  ~Session();

  // One passage through the metal's door. False once the lane has ended.
  bool step();
  // After the lane has ended: writes the rest of the trace and gives the file its name. Errors: the trace could not be
  // written; what there is of it stays as NAME.part.
  Result<LaneResult> finish();
  // Both, to the end. `between_steps` may look at the progress.
  using Watcher = std::function<void(const Session&)>;
  Result<LaneResult> run(const Watcher& between_steps = {});

  void request_stop();

  struct Progress {
    u64 spent = 0;  // of the budget
    u64 budget = 0;
    u64 events = 0;  // that have reached the trace file
  };
  Progress progress() const;
  // What the guest has printed so far.
  const std::string& console() const;
  std::string metal_description() const;
  const std::string& trace_path() const;

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace trapline::session
