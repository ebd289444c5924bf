// Values in and out of a state.
//
// A function that leaves is held by a reference in its state's registry; one that comes from another state becomes a
// closure that copies arguments and results. A table that contains itself has no copy and is refused by name.
#include <algorithm>

#include "lua/core.h"

namespace trapline::lua {

namespace {

// A function of another state is a closure here, and closures of C++ know no line: where each came from is kept by its
// value, as long as it lives.
constexpr const char* places_key = "trapline.places";

void push_places(lua_State* state) {
  if (lua_getfield(state, LUA_REGISTRYINDEX, places_key) == LUA_TTABLE) return;
  lua_pop(state, 1);
  lua_newtable(state);
  lua_newtable(state);
  lua_pushliteral(state, "k");
  lua_setfield(state, -2, "__mode");
  lua_setmetatable(state, -2);
  lua_pushvalue(state, -1);
  lua_setfield(state, LUA_REGISTRYINDEX, places_key);
}

// Both take the function on top of the stack and leave it there.
void keep_place(lua_State* state, const std::string& place) {
  push_places(state);
  lua_pushvalue(state, -2);
  lua_pushlstring(state, place.data(), place.size());
  lua_rawset(state, -3);
  lua_pop(state, 1);
}
std::string kept_place(lua_State* state) {
  push_places(state);
  lua_pushvalue(state, -2);
  lua_rawget(state, -2);
  const char* const text = lua_tostring(state, -1);
  std::string place = text ? text : "";
  lua_pop(state, 2);
  return place;
}

class LuaFunction : public Callable {
 public:
  // Takes the function on top of the stack.
  explicit LuaFunction(lua_State* state) : core_(core_of(state).weak_from_this()) {
    lua_Debug about;
    lua_pushvalue(state, -1);
    lua_getinfo(state, ">S", &about);
    place_ = kept_place(state);
    if (about.linedefined > 0) place_ = std::string(about.short_src) + ":" + std::to_string(about.linedefined);
    reference_ = luaL_ref(state, LUA_REGISTRYINDEX);
  }
  ~LuaFunction() override {
    if (const auto core = core_.lock()) core->released.push_back(reference_);
  }

  Result<std::vector<Value>> call(std::span<const Value> arguments) override {
    const auto core = core_.lock();
    if (!core) return usage_error("the script that this function belongs to is closed");
    return call_reference(*core, reference_, arguments);
  }
  std::string place() const override { return place_; }

  bool lives_in(const SandboxCore& core) const { return core_.lock().get() == &core; }
  int reference() const { return reference_; }

 private:
  std::weak_ptr<SandboxCore> core_;
  int reference_ = LUA_NOREF;
  std::string place_;
};

class Copier {
 public:
  Copier(lua_State* state, const CopyLimits& limits) : state_(state), limits_(limits) {}

  Result<Value> copy(int index) {
    if (++values_ > limits_.values) return trouble("holds more than " + std::to_string(limits_.values) + " values");
    switch (lua_type(state_, index)) {
      case LUA_TNIL:
        return Value();
      case LUA_TBOOLEAN:
        return Value(lua_toboolean(state_, index) != 0);
      case LUA_TNUMBER:
        return lua_isinteger(state_, index) ? Value(lua_tointeger(state_, index)) : Value(lua_tonumber(state_, index));
      case LUA_TSTRING:
        return copy_string(index);
      case LUA_TFUNCTION:
        lua_pushvalue(state_, index);
        return Value(FunctionValue(std::make_shared<LuaFunction>(state_)));
      case LUA_TTABLE:
        return copy_table(lua_absindex(state_, index));
      default:
        if (const Object* object = any_object_at(state_, index)) return Value(*object);
        return trouble(std::string("is a ") + luaL_typename(state_, index) + ", which cannot be handed over");
    }
  }

 private:
  Error trouble(const std::string& what) const {
    std::string path = "the value";
    for (const std::string& step : path_) path += step;
    return usage_error(path + " " + what);
  }

  Result<Value> copy_string(int index) {
    std::size_t size = 0;
    const char* const text = lua_tolstring(state_, index, &size);
    bytes_ += size;
    if (bytes_ > limits_.bytes) return trouble("holds more than " + std::to_string(limits_.bytes) + " bytes of text");
    return Value(std::string(text, size));
  }

  std::string step_name() const {  // of the key below the value on top
    if (lua_type(state_, -2) == LUA_TSTRING) return "." + std::string(lua_tostring(state_, -2)).substr(0, 40);
    if (lua_isinteger(state_, -2)) return "[" + std::to_string(lua_tointeger(state_, -2)) + "]";
    return std::string("[") + luaL_typename(state_, -2) + "]";
  }

  Result<Value> copy_table(int index) {
    const void* const identity = lua_topointer(state_, index);
    if (std::find(open_.begin(), open_.end(), identity) != open_.end()) return trouble("contains itself");
    if (open_.size() >= limits_.depth)
      return trouble("is nested deeper than " + std::to_string(limits_.depth) + " tables");
    luaL_checkstack(state_, 6, "too deeply nested");
    open_.push_back(identity);
    Table table;
    lua_pushnil(state_);
    while (lua_next(state_, index)) {
      path_.push_back(step_name());
      auto key = copy(-2);
      if (!key) return key;
      auto value = copy(-1);
      if (!value) return value;
      table.append({std::move(*key), std::move(*value)});
      path_.pop_back();
      lua_pop(state_, 1);
    }
    open_.pop_back();
    table.sort();
    return Value(std::move(table));
  }

  lua_State* state_;
  const CopyLimits& limits_;
  std::size_t values_ = 0, bytes_ = 0;
  std::vector<const void*> open_;
  std::vector<std::string> path_;
};

void push_foreign_function(lua_State* state, const FunctionValue& function) {
  push_closure(state, [function](Invocation& call) -> Result<> {
    std::vector<Value> arguments;
    for (unsigned i = 0; i < call.count(); ++i) arguments.push_back(call.value(i));
    auto results = function->call(arguments);
    if (!results) return results.error();
    for (const Value& result : *results) call.give(result);
    return {};
  });
  keep_place(state, function->place());
}

void push_function_value(lua_State* state, const FunctionValue& function) {
  const auto* own = dynamic_cast<const LuaFunction*>(function.get());
  if (!function)
    lua_pushnil(state);
  else if (own && own->lives_in(core_of(state)))
    lua_rawgeti(state, LUA_REGISTRYINDEX, own->reference());
  else
    push_foreign_function(state, function);
}

}  // namespace

Result<Value> value_at(lua_State* state, int index, const CopyLimits& limits) {
  const int top = lua_gettop(state);
  auto value = Copier(state, limits).copy(lua_absindex(state, index));
  lua_settop(state, top);
  return value;
}

void push_value(lua_State* state, const Value& value) {
  luaL_checkstack(state, 8, "too deeply nested");
  if (const bool* truth = value.boolean())
    lua_pushboolean(state, *truth);
  else if (const i64* integer = value.integer())
    lua_pushinteger(state, *integer);
  else if (const double* number = value.number())
    lua_pushnumber(state, *number);
  else if (const std::string* text = value.string())
    push_string(state, *text);
  else if (const FunctionValue* function = value.function())
    push_function_value(state, *function);
  else if (const Object* object = value.object())
    push_object(state, *object);
  else if (const Table* table = value.table()) {
    lua_createtable(state, static_cast<int>(table->length()), 0);
    for (const Field& field : table->fields()) {
      push_value(state, field.key);
      push_value(state, field.value);
      lua_rawset(state, -3);
    }
  } else
    lua_pushnil(state);
}

}  // namespace trapline::lua
