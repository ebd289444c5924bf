// The options of trapline.run, and of a lab's lanes: a script's table made into a request for a lane.
#pragma once

#include <map>

#include "lua/value.h"
#include "metal/handlers.h"
#include "session/request.h"

namespace trapline::lua {

// Functions of the script that take part in the run; null where it brings none.
struct ScriptParts {
  FunctionValue prepare;
  std::map<metal::HandlerPoint, FunctionValue> handlers;
  u16 first_port = 0, last_port = 0;
};

struct RunPlan {
  session::RunRequest request;
  ScriptParts script;
};

// Errors: one sentence that names the option, what it got and what it takes.
Result<RunPlan> plan_of(const Table& options);

}  // namespace trapline::lua
