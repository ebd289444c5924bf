// A realistic trace of any length, quickly: guest `tour` recorded once at level `instructions`, then written round
// after round with ticks, retired counts, correlators and ordinals going on. The same bytes for the same arguments.
#pragma once

#include <string>

#include "base/result.h"
#include "trace/event.h"

namespace trapline::bench {

// Writes at least `events` events (whole rounds) to `path`. What is recorded first lies in `folder` meanwhile.
Result<> write_big_trace(const std::string& path, u64 events, trace::Technique technique, const std::string& folder);

}  // namespace trapline::bench
