// coroutine.*, with Lua's meaning. Two things differ from Lua's own: creating one is charged, since each coroutine
// counts its instructions to the hook's interval by itself; and one that a spent budget ended is never closed, since
// its to-be-closed variables would run without hooks.
#include "lua/core.h"

namespace trapline::lua {

namespace {

lua_State* coroutine_at(lua_State* state, int index) {
  lua_State* const found = lua_tothread(state, index);
  luaL_argexpected(state, found, index, "coroutine");
  return found;
}

const char* status_of(lua_State* state, lua_State* other) {
  if (state == other) return "running";
  switch (lua_status(other)) {
    case LUA_YIELD:
      return "suspended";
    case LUA_OK: {
      lua_Debug frame;
      if (lua_getstack(other, 0, &frame)) return "normal";
      return lua_gettop(other) == 0 ? "dead" : "suspended";
    }
    default:
      return "dead";
  }
}

// Number of results, or -1 with the error object on top.
int resume(lua_State* state, lua_State* other, int arguments) {
  check_spent(state);
  if (!lua_checkstack(other, arguments)) {
    lua_pushliteral(state, "too many arguments to resume");
    return -1;
  }
  lua_xmove(state, other, arguments);
  int results = 0;
  const int status = lua_resume(other, state, arguments, &results);
  check_spent(state);
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_xmove(other, state, 1);
    return -1;
  }
  if (!lua_checkstack(state, results + 1)) {
    lua_pop(other, results);
    lua_pushliteral(state, "too many results to resume");
    return -1;
  }
  lua_xmove(other, state, results);
  return results;
}

int resume_coroutine(lua_State* state) {
  lua_State* const other = coroutine_at(state, 1);
  const int results = resume(state, other, lua_gettop(state) - 1);
  lua_pushboolean(state, results >= 0);
  const int count = results >= 0 ? results : 1;
  lua_insert(state, -(count + 1));
  return count + 1;
}

int call_wrapped(lua_State* state) {
  lua_State* const other = lua_tothread(state, lua_upvalueindex(1));
  const int results = resume(state, other, lua_gettop(state));
  if (results >= 0) return results;
  const int status = lua_status(other);
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_resetthread(other);  // closes what is to be closed
    lua_xmove(other, state, 1);
    check_spent(state);
  }
  if (lua_type(state, -1) == LUA_TSTRING) {
    luaL_where(state, 1);
    lua_insert(state, -2);
    lua_concat(state, 2);
  }
  return lua_error(state);
}

int create_coroutine(lua_State* state) {
  luaL_checktype(state, 1, LUA_TFUNCTION);
  charge(state, hook_interval);
  lua_State* const made = lua_newthread(state);
  start_hook(made);
  lua_pushvalue(state, 1);
  lua_xmove(state, made, 1);
  return 1;
}

int wrap_coroutine(lua_State* state) {
  create_coroutine(state);
  lua_pushcclosure(state, call_wrapped, 1);
  return 1;
}

int yield_coroutine(lua_State* state) { return lua_yield(state, lua_gettop(state)); }

int coroutine_status(lua_State* state) {
  lua_pushstring(state, status_of(state, coroutine_at(state, 1)));
  return 1;
}

int is_yieldable(lua_State* state) {
  lua_pushboolean(state, lua_isyieldable(lua_isthread(state, 1) ? lua_tothread(state, 1) : state));
  return 1;
}

int running_coroutine(lua_State* state) {
  lua_pushboolean(state, lua_pushthread(state));
  return 2;
}

int close_coroutine(lua_State* state) {
  check_spent(state);
  lua_State* const other = coroutine_at(state, 1);
  const std::string status = status_of(state, other);
  if (status != "dead" && status != "suspended") raise(state, "coroutine.close: it is " + status);
  const bool well = lua_resetthread(other) == LUA_OK;
  check_spent(state);
  lua_pushboolean(state, well);
  if (well) return 1;
  lua_xmove(other, state, 1);
  return 2;
}

}  // namespace

void push_coroutine_library(lua_State* state) {
  static constexpr luaL_Reg functions[] = {
      {"close", close_coroutine},   {"create", create_coroutine},   {"isyieldable", is_yieldable},
      {"resume", resume_coroutine}, {"running", running_coroutine}, {"status", coroutine_status},
      {"wrap", wrap_coroutine},     {"yield", yield_coroutine},     {nullptr, nullptr}};
  luaL_newlib(state, functions);
}

}  // namespace trapline::lua
