// The report that `trapline run` prints of a lane. It is made from the trace's events alone: a script over
// `trapline events --json` can rebuild it byte for byte, and a test does.
#pragma once

#include <string>

#include "trace/event_source.h"

namespace trapline::cli {

std::string report(const trace::EventSource& source);

}  // namespace trapline::cli
