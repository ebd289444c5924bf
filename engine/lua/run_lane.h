// One lane as a script asks for it, run to its end.
#pragma once

#include "lua/run_options.h"

namespace trapline::lua {

// Leaves its trace as FOLDER/NAME.trap and gives it as a Trace. Errors: what the request asks for cannot be had; a
// lane that ends badly is no error but an outcome.
Result<Value> run_lane(RunPlan plan, const std::string& folder, const std::string& name);

// The same in a folder of its own that is gone when the program ends the call; the Trace keeps its file open.
Result<Value> run_lane(RunPlan plan);

}  // namespace trapline::lua
