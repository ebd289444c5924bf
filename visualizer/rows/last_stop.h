// Since when a change counts as new: since the last stop, that is, the last time the monitor was reached.
#pragma once

#include "visualizer/model/lane.h"

namespace trapline::window {

// The last VM exit or trap before the event; on a metal that shows neither, the last return to the user half. Standing
// on a stop shows what changed since the stop before it. 0 where there was none.
inline u64 last_stop_before(const Lane& lane, u64 sequence) {
  const trace::EventSource& source = lane.source();
  if (const auto stop = source.last_before(source.kinds<trace::VmExit, trace::Trap>(), sequence)) return *stop;
  return source.last_before(source.kinds<trace::UserExit>(), sequence).value_or(0);
}

}  // namespace trapline::window
