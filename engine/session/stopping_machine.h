// A machine that stops its guest at one retired count and keeps the state that the guest then has: what a replay runs
// on. It wraps the metal's own machine, both doors of it.
//
// The state is the vCPU's, as keyframes have it. Behind run_deprivileged that is what the monitor last set, once at the
// end of every step; a step is stopped where the count is reached, so it is the state at that count. The monitor goes
// on with a passage that was cut short (technique::LaneClock), so that its guest cannot tell; behind run_virtual a stop
// costs an exit, which no guest can notice.
//
// Passages through run_deprivileged are cut into slices, and between two of them whoever runs the machine is asked
// whether it is still wanted; behind run_virtual, between two steps of the session.
#pragma once

#include <functional>

#include "metal/deprivileged.h"

namespace trapline::session {

// True once nobody wants the answer any more.
using StopAsked = std::function<bool()>;

// What is wanted of the machine, and what came of it.
struct Capture {
  u64 retired = 0;
  std::optional<arch::CpuState> state;  // when so many had retired for the first time
  StopAsked stop_asked;
  bool given_up() const { return stop_asked && stop_asked(); }
};

// `capture` outlives the machine.
std::unique_ptr<metal::Machine> stopping_machine(std::unique_ptr<metal::Machine> inner, Capture& capture);

}  // namespace trapline::session
