// A trace in memory that a test writes event by event.
#pragma once

#include "trace/memory_trace.h"

namespace trapline::test {

struct Recorder {
  trace::MemoryTrace trace;
  trace::Bus bus{trace::Level::instructions, trace};

  template <typename Event>
  void at(u64 tick, u64 retired, const Event& event, u64 cause = 0) {
    trace::Stamp stamp;
    stamp.tick = tick;
    stamp.retired = retired;
    stamp.cause = cause;
    bus.emit(event, stamp);
  }
  const trace::MemoryTrace& done() {
    bus.flush();
    return trace;
  }
};

}  // namespace trapline::test
