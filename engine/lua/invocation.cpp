// What a native function sees of its call.
#include "lua/core.h"

namespace trapline::lua {

Sandbox& Invocation::sandbox() const { return *core_of(state_).sandbox; }

unsigned Invocation::count() const {
  const int behind = lua_gettop(state_) - static_cast<int>(results_) - first_ + 1;
  return behind > 0 ? static_cast<unsigned>(behind) : 0;
}

// Results lie above the arguments, so an index may point at them once there are some.
bool Invocation::given(unsigned argument) const {
  return argument < count() && !lua_isnil(state_, first_ + static_cast<int>(argument));
}
bool Invocation::is_integer(unsigned argument) const {
  if (!given(argument) || lua_type(state_, first_ + static_cast<int>(argument)) != LUA_TNUMBER) return false;
  int whole = 0;
  lua_tointegerx(state_, first_ + static_cast<int>(argument), &whole);
  return whole != 0;
}
bool Invocation::is_text(unsigned argument) const {
  return given(argument) && lua_type(state_, first_ + static_cast<int>(argument)) == LUA_TSTRING;
}
bool Invocation::is_table(unsigned argument) const {
  return given(argument) && lua_istable(state_, first_ + static_cast<int>(argument));
}
bool Invocation::is_function(unsigned argument) const {
  return given(argument) && lua_isfunction(state_, first_ + static_cast<int>(argument));
}

bool Invocation::truth(unsigned argument) const {
  return given(argument) && lua_toboolean(state_, first_ + static_cast<int>(argument)) != 0;
}
i64 Invocation::integer(unsigned argument) const {
  return given(argument) ? lua_tointeger(state_, first_ + static_cast<int>(argument)) : 0;
}
double Invocation::number(unsigned argument) const {
  return given(argument) ? lua_tonumber(state_, first_ + static_cast<int>(argument)) : 0;
}

std::string_view Invocation::text(unsigned argument) const {
  const int index = first_ + static_cast<int>(argument);
  if (!given(argument) || lua_type(state_, index) != LUA_TSTRING) return {};
  std::size_t size = 0;
  const char* const text = lua_tolstring(state_, index, &size);
  return {text, size};
}

Value Invocation::value(unsigned argument) const {
  if (!given(argument)) return {};
  auto value = value_at(state_, first_ + static_cast<int>(argument));
  if (!value) raise(state_, value.error().sentence);
  return std::move(*value);
}

FunctionValue Invocation::function(unsigned argument) const {
  const Value held = value(argument);
  return held.function() ? *held.function() : nullptr;
}

const std::shared_ptr<void>* Invocation::object_at(int index, const ClassRow& type) const {
  const Object* object = any_object_at(state_, index);
  return object && object->type == &type ? &object->pointer : nullptr;
}

void Invocation::give_nil() {
  luaL_checkstack(state_, 2, "too many results");
  lua_pushnil(state_);
  ++results_;
}
void Invocation::give(bool truth) {
  luaL_checkstack(state_, 2, "too many results");
  lua_pushboolean(state_, truth);
  ++results_;
}
void Invocation::give_integer(i64 number) {
  luaL_checkstack(state_, 2, "too many results");
  lua_pushinteger(state_, number);
  ++results_;
}
void Invocation::give(double number) {
  luaL_checkstack(state_, 2, "too many results");
  lua_pushnumber(state_, number);
  ++results_;
}
void Invocation::give(std::string_view text) {
  luaL_checkstack(state_, 2, "too many results");
  push_string(state_, text);
  ++results_;
}
void Invocation::give(const Value& value) {
  push_value(state_, value);
  ++results_;
}
void Invocation::give(Closure closure) {
  push_closure(state_, std::move(closure));
  ++results_;
}
void Invocation::give_object(Object object) {
  push_object(state_, object);
  ++results_;
}

void Invocation::charge(u64 steps) { lua::charge(state_, steps); }

}  // namespace trapline::lua
