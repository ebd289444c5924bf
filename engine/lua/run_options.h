// The options of trapline.run, and of a lab's lanes: a script's table made into a request for a lane.
#pragma once

#include "lua/value.h"
#include "session/request.h"

namespace trapline::lua {

// Functions of the script that take part in the run; null where it brings none.
struct ScriptParts {
  FunctionValue prepare;
  FunctionValue vm_exit, ept_violation, trap, shadow_fault, hypercall;
  FunctionValue port_read, port_write;
  u16 first_port = 0, last_port = 0;

  bool any_handler() const {
    return vm_exit || ept_violation || trap || shadow_fault || hypercall || port_read || port_write;
  }
};

struct RunPlan {
  session::RunRequest request;
  ScriptParts script;
};

// Errors: one sentence that names the option, what it got and what it takes.
Result<RunPlan> plan_of(const Table& options);

}  // namespace trapline::lua
