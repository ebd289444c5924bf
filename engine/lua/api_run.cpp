// trapline.run: a lane from a script's table.
#include "lua/api.h"
#include "lua/run_lane.h"

namespace trapline::lua {
namespace {

Result<> run(Invocation& call) {
  const Value options = call.value(0);
  auto plan = plan_of(*options.table());
  if (!plan) return plan.error();
  auto trace = run_lane(std::move(*plan));
  if (!trace) return trace.error();
  call.give(*trace);
  return {};
}

}  // namespace

const LibraryRow& run_library() {
  static const LibraryRow row = {
      "trapline",
      "The lab's machine, its traces and what they mean.",
      {{"run",
        {{"options", "table",
          "guest or code; technique, metal, level, seed, memory (MiB), budget, controls, translation, prepare "
          "(function of a Machine), handlers (table of functions of a Call)"}},
        "Trace",
        "Runs one lane to its end.",
        run}}};
  return row;
}

}  // namespace trapline::lua
