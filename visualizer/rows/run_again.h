// What a trace does not hold, by running its lane again, kept for each (lane, retired count): moving back and forth
// asks for the same states again and again. A lane that has been run to a moment stays there, and goes on from it when
// a later one is asked for. Safe for one thread at a time, as the desk's worker is, and for lanes that outlive it.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "arch/cpu_state.h"
#include "base/result.h"
#include "visualizer/model/lane.h"

namespace trapline::window {

// The registers when so many guest instructions had retired. After an interrupt the answer means nothing.
using RegistersAt = std::function<Result<arch::CpuState>(const Lane& lane, u64 retired, const Interrupt& interrupt)>;

// session::Replay behind a cache.
RegistersAt registers_by_running_again();
// For tests: behind the same cache.
RegistersAt cached(RegistersAt ask);

}  // namespace trapline::window
