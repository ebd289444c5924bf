// Memory and registers of a guest as scripts reach them, the same words before a run (Machine) and inside a handler
// (Call). An object is over when the function that got it returns: a script that keeps it gets an error, not a guest.
#pragma once

#include "lua/binding.h"
#include "metal/handlers.h"
#include "metal/metal.h"

namespace trapline::lua {

inline constexpr u64 most_bytes_at_once = 1 << 20;

// The guest's registers, by their names.
class Registers {
 public:
  virtual ~Registers() = default;
  virtual std::optional<u64> get(unsigned number) = 0;  // nothing: over
  virtual Result<> set(unsigned number, u64 value) = 0;
  static const ClassRow& lua_class();
};

// The lane's guest before its first instruction.
class MachineObject {
 public:
  MachineObject(metal::Machine& machine, arch::CpuState& state) : machine_(&machine), state_(&state) {}
  void close() { machine_ = nullptr, state_ = nullptr; }
  metal::Machine* machine() { return machine_; }
  arch::CpuState* state() { return state_; }
  static const ClassRow& lua_class();

 private:
  metal::Machine* machine_;
  arch::CpuState* state_;
};

class ScriptHandlers;

// A decision, while its handler runs.
class CallObject {
 public:
  CallObject(const metal::HandlerCall& call, ScriptHandlers& handlers) : call_(&call), handlers_(&handlers) {}
  void close() { call_ = nullptr, handlers_ = nullptr; }
  const metal::HandlerCall* call() const { return call_; }
  // The guest, with the script's line noted for what is done to it now. Null: over.
  metal::HandledGuest* guest(lua_State* state);
  static const ClassRow& lua_class();

 private:
  const metal::HandlerCall* call_;
  ScriptHandlers* handlers_;
};

}  // namespace trapline::lua
