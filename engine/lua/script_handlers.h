// A script's functions as the handlers of a lane (metal/handlers.h).
#pragma once

#include "lua/guest_access.h"
#include "lua/run_options.h"

namespace trapline::lua {

class ScriptHandlers : public metal::Handlers {
 public:
  explicit ScriptHandlers(ScriptParts parts) : parts_(std::move(parts)) {}

  bool has(metal::HandlerPoint point) const override { return parts_.handlers.contains(point); }
  bool has_port(u16 port, metal::HandlerPoint direction) const override {
    return port >= parts_.first_port && port <= parts_.last_port && has(direction);
  }
  metal::HandlerAnswer call(const metal::HandlerCall& call) override;
  u32 line_of(metal::HandlerPoint point) const override;
  u32 current_line() const override { return line_; }
  std::string why() const override { return why_; }

  // From the binding, as it is called: where in the script.
  void note_line(lua_State* state);

 private:
  ScriptParts parts_;
  u32 line_ = 0;
  std::string why_;
};

}  // namespace trapline::lua
