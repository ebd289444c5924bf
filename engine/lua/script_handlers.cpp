#include "lua/script_handlers.h"

#include <cstdlib>
#include <lua.h>

namespace trapline::lua {

using metal::HandlerAnswer;
using metal::HandlerPoint;

u32 ScriptHandlers::line_of(HandlerPoint point) const {
  const std::string place = parts_.handlers.at(point)->place();  // FILE:LINE
  const std::size_t colon = place.rfind(':');
  return colon == std::string::npos ? 0 : static_cast<u32>(std::strtoul(place.c_str() + colon + 1, nullptr, 10));
}

// Level 0 is the native function that notes, level 1 the script's.
void ScriptHandlers::note_line(lua_State* state) {
  lua_Debug where{};
  if (lua_getstack(state, 1, &where) && lua_getinfo(state, "l", &where) && where.currentline > 0)
    line_ = static_cast<u32>(where.currentline);
}

HandlerAnswer ScriptHandlers::call(const metal::HandlerCall& call) {
  const FunctionValue& function = parts_.handlers.at(call.point);
  line_ = line_of(call.point);
  const auto object = std::make_shared<CallObject>(call, *this);
  const Value argument = object_value(object);
  const auto results = function->call(std::span(&argument, 1));
  object->close();
  const std::string name(trace::name_of(call.point));
  if (!results) {
    why_ = "The handler " + name + " failed: " + results.error().sentence;
    return HandlerAnswer::failed;
  }
  const Value answer = results->empty() ? Value() : results->front();
  if (answer.is_nil() || (answer.boolean() && !*answer.boolean())) return HandlerAnswer::declined;
  if (answer.boolean()) return HandlerAnswer::handled;
  why_ = "The handler " + name + " (" + function->place() + ") returned " + answer.text(40) +
         "; it must return true where it has taken the decision, false or nothing where it has not.";
  return HandlerAnswer::failed;
}

}  // namespace trapline::lua
