// trapline.open: files are for scripts and the prompt; a lab's states withhold it.
#include "lua/api.h"
#include "lua/trace_object.h"

namespace trapline::lua {
namespace {

Result<> open(Invocation& call) {
  auto trace = open_trace(std::string(call.text(0)));
  if (!trace) return trace.error();
  call.give(*trace);
  return {};
}

}  // namespace

const LibraryRow& open_library() {
  static const LibraryRow row = {
      "trapline", "", {{"open", {{"path", "string", "a .trap file"}}, "Trace", "The trace of a file.", open}}};
  return row;
}

}  // namespace trapline::lua
