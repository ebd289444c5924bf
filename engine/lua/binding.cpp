// Rows made callable: argument checks, objects as userdata, and the way from a Result to a raised error.
//
// An object is a userdata that holds an Object; its metatable belongs to the class's row, is made at first use and kept
// in the registry under the row's address.
#include "lua/binding.h"

#include <new>

#include "base/nearest.h"
#include "lua/core.h"
#include "lua/types.h"

namespace trapline::lua {

namespace {

const char object_mark = 0;   // key of the flag in metatables of objects
const char closure_mark = 0;  // registry key of the metatable of boxed closures

// While a native function runs, its coroutine is where functions of this state are called.
struct Running {
  explicit Running(lua_State* state) : core(core_of(state)), before(core.running) { core.running = state; }
  ~Running() { core.running = before; }
  SandboxCore& core;
  lua_State* before;
};

int finish(lua_State* state, const Result<>& result, const Invocation& call) {
  if (!result) raise(state, result.error().sentence);
  return static_cast<int>(call.results());
}

// Calls what may throw C++ exceptions of its own, which must not be taken for Lua's.
template <typename Work>
int guarded(lua_State* state, int first, const Work& work) {
  Running running(state);
  Invocation call(state, first);
  std::string trouble;
  try {
    return finish(state, work(call), call);
  } catch (const std::bad_alloc&) {
    trouble = "this host has no memory left";
  } catch (const std::exception& error) {
    trouble = std::string("internal error: ") + error.what();
  }
  raise(state, trouble);
}

const ClassRow& class_upvalue(lua_State* state) {
  return *static_cast<const ClassRow*>(lua_touserdata(state, lua_upvalueindex(1)));
}

std::string owner_upvalue(lua_State* state) { return lua_tostring(state, lua_upvalueindex(2)); }

// upvalues: row, owner ("trapline." or "Trace:"), first argument's index
int call_function(lua_State* state) {
  const auto& row = *static_cast<const FunctionRow*>(lua_touserdata(state, lua_upvalueindex(1)));
  const int first = static_cast<int>(lua_tointeger(state, lua_upvalueindex(3)));
  if (first == 2) {
    const auto& type = *static_cast<const ClassRow*>(lua_touserdata(state, lua_upvalueindex(4)));
    const Object* self = any_object_at(state, 1);
    if (!self || self->type != &type)
      raise(state, owner_upvalue(state) + row.name + " is called with a colon: " + "object:" + row.name +
                       "(...), on a " + type.name);
  }
  check_arguments(state, row, owner_upvalue(state), first);
  return guarded(state, first, row.native);
}

Closure* closure_at(lua_State* state, int index) { return static_cast<Closure*>(lua_touserdata(state, index)); }

int call_closure(lua_State* state) {
  return guarded(state, 1, [&](Invocation& call) { return (*closure_at(state, lua_upvalueindex(1)))(call); });
}

int free_closure(lua_State* state) {
  closure_at(state, 1)->~Closure();
  return 0;
}

int free_object(lua_State* state) {
  static_cast<Object*>(lua_touserdata(state, 1))->~Object();
  return 0;
}

const Object& self_of(lua_State* state, const ClassRow& type) {
  const Object* self = any_object_at(state, 1);
  if (!self || self->type != &type) raise(state, "this is not a " + type.name);
  return *self;
}

const PropertyRow* find_property(const ClassRow& type, std::string_view name) {
  for (const PropertyRow& row : type.properties)
    if (row.name == name) return &row;
  return nullptr;
}

[[noreturn]] void no_such_field(lua_State* state, const ClassRow& type, const std::string& name) {
  std::vector<std::string_view> known;
  for (const PropertyRow& row : type.properties) known.push_back(row.name);
  for (const FunctionRow& row : type.methods) known.push_back(row.name);
  raise(state, "a " + type.name + " has no '" + name + "'" + did_you_mean(name, known));
}

// upvalues: row, table of methods
int index_object(lua_State* state) {
  const ClassRow& type = class_upvalue(state);
  self_of(state, type);
  lua_pushvalue(state, 2);
  if (lua_rawget(state, lua_upvalueindex(2)) != LUA_TNIL) return 1;
  lua_settop(state, 2);
  const std::string name = lua_type(state, 2) == LUA_TSTRING ? lua_tostring(state, 2) : luaL_typename(state, 2);
  if (const PropertyRow* property = find_property(type, name)) return guarded(state, 2, property->get);
  if (!type.index) no_such_field(state, type, name);
  return guarded(state, 2, type.index);
}

// upvalue: row
int set_field(lua_State* state) {
  const ClassRow& type = class_upvalue(state);
  self_of(state, type);
  const std::string name = lua_type(state, 2) == LUA_TSTRING ? lua_tostring(state, 2) : luaL_typename(state, 2);
  const PropertyRow* const property = find_property(type, name);
  if (!property || !property->set)
    raise(state, type.name + "." + name + " cannot be set" + (property ? ": it is read-only" : ""));
  if (!matches_type(state, 3, property->type))
    raise(state, type.name + "." + name + " is a " + property->type + ", not a " + type_at(state, 3));
  return guarded(state, 3, property->set);
}

int text_of_object(lua_State* state) {
  const ClassRow& type = class_upvalue(state);
  self_of(state, type);
  lua_settop(state, 1);
  if (type.text) return guarded(state, 2, type.text);
  push_string(state, type.name);
  return 1;
}

int equal_objects(lua_State* state) {
  const ClassRow& type = class_upvalue(state);
  const Object* left = any_object_at(state, 1);
  const Object* right = any_object_at(state, 2);
  const bool both = left && right && left->type == &type && right->type == &type;
  if (both && type.equal && left->pointer != right->pointer) return guarded(state, 2, type.equal);
  lua_pushboolean(state, both && left->pointer == right->pointer);
  return 1;
}

void push_method(lua_State* state, const FunctionRow& row, const std::string& owner, const ClassRow* type) {
  lua_pushlightuserdata(state, const_cast<FunctionRow*>(&row));
  push_string(state, owner);
  lua_pushinteger(state, type ? 2 : 1);
  lua_pushlightuserdata(state, const_cast<ClassRow*>(type));
  lua_pushcclosure(state, call_function, 4);
}

void set_metamethod(lua_State* state, const char* name, lua_CFunction function, const ClassRow& type) {
  lua_pushlightuserdata(state, const_cast<ClassRow*>(&type));
  lua_pushcclosure(state, function, 1);
  lua_setfield(state, -2, name);
}

void push_metatable(lua_State* state, const ClassRow& type) {
  if (lua_rawgetp(state, LUA_REGISTRYINDEX, &type) == LUA_TTABLE) return;
  lua_pop(state, 1);
  lua_createtable(state, 0, 10);
  lua_pushlightuserdata(state, const_cast<ClassRow*>(&type));
  lua_createtable(state, 0, static_cast<int>(type.methods.size()));
  for (const FunctionRow& row : type.methods) {
    push_method(state, row, type.name + ":", &type);
    lua_setfield(state, -2, row.name.c_str());
  }
  lua_pushcclosure(state, index_object, 2);
  lua_setfield(state, -2, "__index");
  set_metamethod(state, "__newindex", set_field, type);
  set_metamethod(state, "__tostring", text_of_object, type);
  set_metamethod(state, "__eq", equal_objects, type);
  lua_pushcfunction(state, free_object);
  lua_setfield(state, -2, "__gc");
  push_string(state, type.name);
  lua_setfield(state, -2, "__metatable");
  push_string(state, type.name);
  lua_setfield(state, -2, "__name");
  lua_pushboolean(state, true);
  lua_rawsetp(state, -2, &object_mark);
  lua_pushvalue(state, -1);
  lua_rawsetp(state, LUA_REGISTRYINDEX, &type);
}

}  // namespace

const Object* any_object_at(lua_State* state, int index) {
  if (lua_type(state, index) != LUA_TUSERDATA || !lua_getmetatable(state, index)) return nullptr;
  const bool marked = lua_rawgetp(state, -1, &object_mark) == LUA_TBOOLEAN;
  lua_pop(state, 2);
  return marked ? static_cast<const Object*>(lua_touserdata(state, index)) : nullptr;
}

void push_object(lua_State* state, const Object& object) {
  if (!object.pointer) return lua_pushnil(state);
  luaL_checkstack(state, 8, "no room for an object");
  push_metatable(state, *object.type);
  void* const room = lua_newuserdatauv(state, sizeof(Object), 0);
  new (room) Object(object);
  lua_insert(state, -2);
  lua_setmetatable(state, -2);
}

void push_function(lua_State* state, const FunctionRow& row, const std::string& owner) {
  push_method(state, row, owner, nullptr);
}

void push_closure(lua_State* state, Closure closure) {
  luaL_checkstack(state, 6, "no room for a function");
  if (lua_rawgetp(state, LUA_REGISTRYINDEX, &closure_mark) != LUA_TTABLE) {
    lua_pop(state, 1);
    lua_createtable(state, 0, 1);
    lua_pushcfunction(state, free_closure);
    lua_setfield(state, -2, "__gc");
    lua_pushvalue(state, -1);
    lua_rawsetp(state, LUA_REGISTRYINDEX, &closure_mark);
  }
  void* const room = lua_newuserdatauv(state, sizeof(Closure), 0);
  new (room) Closure(std::move(closure));
  lua_insert(state, -2);
  lua_setmetatable(state, -2);
  lua_pushcclosure(state, call_closure, 1);
}

}  // namespace trapline::lua
