#include "lua/run_lane.h"

#include <filesystem>

#include "base/temporary_folder.h"
#include "lua/script_handlers.h"
#include "lua/trace_object.h"
#include "session/session.h"

namespace trapline::lua {
namespace {

namespace fs = std::filesystem;

// The script's function changes memory and registers; what it raises ends the run before it begins.
Result<> prepare_by_script(const FunctionValue& function, metal::Machine& machine, arch::CpuState& state) {
  const auto object = std::make_shared<MachineObject>(machine, state);
  const Value argument = object_value(object);
  const auto done = function->call(std::span(&argument, 1));
  object->close();
  if (!done) return done.error();
  return {};
}

}  // namespace

Result<Value> run_lane(RunPlan plan, const std::string& folder, const std::string& name) {
  ScriptHandlers handlers(plan.script);
  if (!plan.script.handlers.empty()) plan.request.handlers = &handlers;
  if (const FunctionValue prepare = plan.script.prepare)
    plan.request.prepare = [prepare](metal::Machine& machine, arch::CpuState& state) {
      return prepare_by_script(prepare, machine, state);
    };
  plan.request.out_folder = folder;
  auto session = session::Session::open(plan.request);
  if (!session) return session.error();
  const auto lane = (*session)->run();
  if (!lane) return lane.error();
  const std::string path = (fs::path(folder) / (name + ".trap")).string();
  std::error_code error;
  if (lane->trace != path) fs::rename(lane->trace, path, error);
  if (error) return usage_error("The trace " + path + " cannot be written (" + error.message() + ").");
  return open_trace(path, lane->sentence);
}

Result<Value> run_lane(RunPlan plan) {
  const TemporaryFolder folder("run");
  if (folder.path().empty())
    return unavailable("No temporary folder can be made for a run's trace; set TMPDIR to one that can be written.");
  return run_lane(std::move(plan), folder.path(), "run");
}

}  // namespace trapline::lua
