// The base functions that scripts see. What Lua's own would give away is replaced: finalizers (run without hooks), host
// addresses in tostring, files, bytecode, writing to read-only tables, and catching what a spent budget raises.
#include <cmath>
#include <cstdio>
#include <string>

#include "lua/core.h"
#include "lua/module.h"

namespace trapline::lua {

namespace {

void forbid_finalizer(lua_State* state, int metatable) {
  lua_pushliteral(state, "__gc");
  if (lua_rawget(state, metatable) != LUA_TNIL) raise(state, "setmetatable: finalizers (__gc) are not offered here");
  lua_pop(state, 1);
}

int set_metatable(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  luaL_argexpected(state, lua_isnil(state, 2) || lua_istable(state, 2), 2, "nil or table");
  if (lua_istable(state, 2)) forbid_finalizer(state, 2);
  if (luaL_getmetafield(state, 1, "__metatable") != LUA_TNIL)
    raise(state, "setmetatable: this table's metatable is protected");
  lua_settop(state, 2);
  lua_setmetatable(state, 1);
  return 1;
}

int raw_set(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  luaL_checkany(state, 3);
  if (is_locked(state, 1)) raise(state, "rawset: this table is read-only");
  lua_settop(state, 3);
  lua_rawset(state, 1);
  return 1;
}

int to_string(lua_State* state) {
  luaL_checkany(state, 1);
  push_text_of(state, 1);
  return 1;
}

int print(lua_State* state) {
  SandboxCore& core = core_of(state);
  std::string line;
  const int count = lua_gettop(state);
  for (int i = 1; i <= count; ++i) {
    push_text_of(state, i);
    std::size_t size = 0;
    const char* const text = lua_tolstring(state, -1, &size);
    if (i > 1) line += '\t';
    line.append(text, size);
    lua_pop(state, 1);
  }
  line += '\n';
  core.printed += line.size();
  if (core.printed > core.options.limits.printed_bytes) {
    core.spent = Spent::printed;
    check_spent(state);
  }
  if (core.options.print) core.options.print(line);
  return 0;
}

// load(text [, name [, mode [, environment]]]); the name is not believed, since it stands in messages as a file's does.
int load(lua_State* state) {
  if (lua_type(state, 1) != LUA_TSTRING) raise(state, "load takes the text of a chunk, nothing else");
  std::size_t size = 0;
  const char* const text = lua_tolstring(state, 1, &size);
  charge(state, size);
  lua_settop(state, 4);
  if (luaL_loadbufferx(state, text, size, "=(load)", "t") != LUA_OK) {
    lua_pushnil(state);
    lua_insert(state, -2);
    return 2;
  }
  if (lua_isnil(state, 4))
    push_environment(state);
  else
    lua_pushvalue(state, 4);
  lua_setupvalue(state, -2, 1);
  return 1;
}

int require(lua_State* state) {
  std::size_t size = 0;
  const char* const given = luaL_checklstring(state, 1, &size);
  const std::string name(given, size);
  lua_getfield(state, LUA_REGISTRYINDEX, "trapline.modules");
  if (lua_getfield(state, -1, name.c_str()) != LUA_TNIL) return 1;
  lua_pop(state, 1);
  const auto text = read_module(core_of(state).options.module_folders, name);
  if (!text) raise(state, text.error().sentence);
  lua_pushboolean(state, false);  // while it is loading: a module that requires itself gets false
  lua_setfield(state, -2, name.c_str());
  push_chunk(state, *text, name + ".lua");
  lua_pushvalue(state, 1);
  lua_call(state, 1, 1);
  if (lua_isnil(state, -1)) {
    lua_pop(state, 1);
    lua_pushboolean(state, true);
  }
  lua_pushvalue(state, -1);
  lua_setfield(state, -3, name.c_str());
  return 1;
}

// ---- pcall and xpcall: as Lua's own, and then a look at the budget -------------------------------------------------
int finish_call(lua_State* state, int status, lua_KContext extra) {
  check_spent(state);
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_pushboolean(state, false);
    lua_pushvalue(state, -2);
    return 2;
  }
  return lua_gettop(state) - static_cast<int>(extra);
}

int protected_call(lua_State* state) {
  luaL_checkany(state, 1);
  lua_pushboolean(state, true);
  lua_insert(state, 1);
  const int status = lua_pcallk(state, lua_gettop(state) - 2, LUA_MULTRET, 0, 0, finish_call);
  return finish_call(state, status, 0);
}

int handled_call(lua_State* state) {
  const int arguments = lua_gettop(state);
  luaL_checktype(state, 2, LUA_TFUNCTION);
  lua_pushboolean(state, true);
  lua_pushvalue(state, 1);
  lua_rotate(state, 3, 2);
  const int status = lua_pcallk(state, arguments - 2, LUA_MULTRET, 2, 2, finish_call);
  return finish_call(state, status, 2);
}

// ---- read-only tables ----------------------------------------------------------------------------------------------
int refuse_write(lua_State* state) {
  const std::string key = lua_type(state, 2) == LUA_TSTRING ? "." + std::string(lua_tostring(state, 2)) : "";
  raise(state, std::string(lua_tostring(state, lua_upvalueindex(1))) + key + " cannot be set: the table is read-only");
}

int next_of_locked(lua_State* state) {
  lua_settop(state, 2);
  return lua_next(state, lua_upvalueindex(1)) ? 2 : 0;
}

int pairs_of_locked(lua_State* state) {
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_pushcclosure(state, next_of_locked, 1);
  lua_pushvalue(state, 1);
  lua_pushnil(state);
  return 3;
}

}  // namespace

void lock_table(lua_State* state, const char* name) {
  const int real = lua_gettop(state);
  lua_newtable(state);  // the face
  lua_newtable(state);  // its metatable
  lua_pushvalue(state, real);
  lua_setfield(state, -2, "__index");
  lua_pushstring(state, name);
  lua_pushcclosure(state, refuse_write, 1);
  lua_setfield(state, -2, "__newindex");
  lua_pushvalue(state, real);
  lua_pushcclosure(state, pairs_of_locked, 1);
  lua_setfield(state, -2, "__pairs");
  lua_pushliteral(state, "read-only");
  lua_setfield(state, -2, "__metatable");
  lua_pushboolean(state, true);
  lua_rawsetp(state, -2, reinterpret_cast<const void*>(&refuse_write));
  lua_setmetatable(state, -2);
  lua_remove(state, real);
}

bool is_locked(lua_State* state, int index) {
  if (!lua_getmetatable(state, index)) return false;
  const bool locked = lua_rawgetp(state, -1, reinterpret_cast<const void*>(&refuse_write)) == LUA_TBOOLEAN;
  lua_pop(state, 2);
  return locked;
}

void push_text_of(lua_State* state, int index) {
  const int type = lua_type(state, index);
  if (type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TNIL || type == LUA_TBOOLEAN ||
      luaL_getmetafield(state, index, "__tostring") != LUA_TNIL) {
    if (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TNIL && type != LUA_TBOOLEAN) lua_pop(state, 1);
    luaL_tolstring(state, index, nullptr);
  } else
    lua_pushstring(state, lua_typename(state, type));
}

void push_base_library(lua_State* state) {
  static constexpr const char* kept[] = {"assert", "error",  "getmetatable", "ipairs",   "next", "pairs",   "rawequal",
                                         "rawget", "rawlen", "select",       "tonumber", "type", "_VERSION"};
  static constexpr luaL_Reg own[] = {
      {"load", load},          {"pcall", protected_call}, {"print", print},
      {"rawset", raw_set},     {"require", require},      {"setmetatable", set_metatable},
      {"tostring", to_string}, {"xpcall", handled_call},  {nullptr, nullptr}};
  lua_pushcfunction(state, luaopen_base);
  lua_call(state, 0, 1);
  lua_newtable(state);
  for (const char* const name : kept) {
    lua_getfield(state, -2, name);
    lua_setfield(state, -2, name);
  }
  luaL_setfuncs(state, own, 0);
  lua_remove(state, -2);
}

void push_math_library(lua_State* state) {
  lua_pushcfunction(state, luaopen_math);
  lua_call(state, 0, 1);
  for (const char* const name : {"random", "randomseed"}) {
    lua_pushnil(state);
    lua_setfield(state, -2, name);
  }
}

void push_utf8_library(lua_State* state) {
  lua_pushcfunction(state, luaopen_utf8);
  lua_call(state, 0, 1);
  for (const char* const name : {"codepoint", "len", "offset"}) charge_by_length(state, name);
}

}  // namespace trapline::lua
