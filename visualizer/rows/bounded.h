// The place that a question names, inside the trace: `the end` is written as all ones.
#pragma once

#include <algorithm>

#include "visualizer/model/lane.h"

namespace trapline::window {

// The last event at or below `at`; 0 in an empty trace.
inline u64 bounded(const Lane& lane, u64 at) {
  const u64 end = lane.source().end();
  return end == 0 ? 0 : std::min(at, end - 1);
}

}  // namespace trapline::window
