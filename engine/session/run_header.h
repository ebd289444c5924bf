// The JSON of a trace's first event: what was run, as exactly as it takes to run it again. No paths and no times, so
// that the same run says the same everywhere.
#pragma once

#include <string>

#include "session/inputs.h"

namespace trapline::session {

// The sets of a lane's keyframes.
inline constexpr u64 keyframe_at_start = 1, keyframe_at_end = 2;

std::string run_header_json(const RunRequest& request, const Inputs& inputs, u64 budget);

}  // namespace trapline::session
