// What a trace tells of the past of a place in memory, and of the guest's own actions.
#pragma once

#include "lua/binding.h"

namespace trapline::lua {

// An argument that says a place in the trace that is `self`: an event, its number, or "kind#n".
Result<u64> place_at(Invocation& call, unsigned argument);

Result<> last_write(Invocation& call);
Result<> actions(Invocation& call);

}  // namespace trapline::lua
