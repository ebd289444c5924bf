// The machine at a moment of a recorded lane, by running it again: soft lanes are deterministic, so what a trace does
// not hold can be computed. kvm lanes cannot be run again.
#pragma once

#include "arch/cpu_state.h"
#include "base/result.h"
#include "trace/event_source.h"

namespace trapline::session {

// The registers when exactly `retired` guest instructions had retired for the first time. Errors: a kvm lane; a guest,
// module or disk that is not at hand or has changed since (its hash differs from the trace's).
Result<arch::CpuState> registers_at(const trace::EventSource& lane, u64 retired);

}  // namespace trapline::session
