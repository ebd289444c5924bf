// A lane's time and limits, the same for every technique: how far the guest may run, and what HLT does.
//
// Time is the metal's: where it counts instructions a deadline is a retired count (one instruction, one nanosecond) and
// HLT jumps ahead; elsewhere a deadline is real time and HLT waits for it.
#pragma once

#include <functional>

#include "technique/monitor.h"

namespace trapline::technique {

class LaneClock {
 public:
  // Guest time at which the next device has something to do; devices::never where none has.
  using NextDeadline = std::function<u64()>;
  LaneClock(metal::Vcpu& vcpu, NextDeadline next_deadline, trace::Bus& bus, const Limits& limits)
      : vcpu_(vcpu), next_deadline_(std::move(next_deadline)), bus_(bus), limits_(limits) {}

  // `more_work`: what the monitor did for the guest without its door, to be counted with vcpu.spent().
  std::optional<Ending> check_limits(u64 more_work = 0) const;
  // Up to the next device deadline, or a limit.
  metal::RunUntil until() const;
  // Whether a passage that was to last until then has ended before, and only because somebody in front of the metal
  // wants to look at the guest. The next passage goes on with it; nothing else may happen in between, or the guest
  // could tell.
  bool cut_short(const metal::RunUntil& until) const;

  bool halted() const { return halted_; }
  void halt();      // the guest executed HLT
  void end_halt();  // an interrupt is delivered
  // The guest sleeps and no device has an interrupt for it yet: moves time on.
  std::optional<Ending> wait();

 private:
  bool real_time() const { return !vcpu_.retired().has_value(); }

  metal::Vcpu& vcpu_;
  NextDeadline next_deadline_;
  trace::Bus& bus_;
  Limits limits_;
  bool halted_ = false;
  u64 halted_since_ = 0;
  unsigned deadlines_slept_through_ = 0;
};

}  // namespace trapline::technique
