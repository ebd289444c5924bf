#include "lua/types.h"

#include "lua/core.h"

namespace trapline::lua {

namespace {

bool starts_with(std::string_view text, std::string_view head) { return text.substr(0, head.size()) == head; }
bool ends_with(std::string_view text, std::string_view tail) {
  return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

bool matches_one(lua_State* state, int index, std::string_view type) {
  if (type == "any") return true;
  if (type == "nil") return lua_isnoneornil(state, index);
  if (type == "boolean") return lua_isboolean(state, index);
  if (type == "number") return lua_type(state, index) == LUA_TNUMBER;
  if (type == "string") return lua_type(state, index) == LUA_TSTRING;
  if (type == "function" || starts_with(type, "fun(")) return lua_isfunction(state, index);
  if (type == "table" || starts_with(type, "table<") || ends_with(type, "[]")) return lua_istable(state, index);
  if (type == "integer") {
    int whole = 0;
    if (lua_type(state, index) == LUA_TNUMBER) lua_tointegerx(state, index, &whole);
    return whole != 0;
  }
  const Object* object = any_object_at(state, index);
  return object && object->type->name == type;
}

// In words: "a string or an integer".
std::string wanted(std::string_view type) {
  if (!type.empty() && type.back() == '?') type.remove_suffix(1);
  std::string out(type);
  for (std::size_t at = 0; (at = out.find('|', at)) != std::string::npos; at += 4) out.replace(at, 1, " or ");
  return out;
}

}  // namespace

bool matches_type(lua_State* state, int index, std::string_view type) {
  if (!type.empty() && type.back() == '?') {
    if (lua_isnoneornil(state, index)) return true;
    type.remove_suffix(1);
  }
  while (true) {
    const std::size_t bar = type.find('|');
    if (matches_one(state, index, type.substr(0, bar))) return true;
    if (bar == std::string_view::npos) return false;
    type.remove_prefix(bar + 1);
  }
}

std::string type_at(lua_State* state, int index) {
  if (const Object* object = any_object_at(state, index)) return object->type->name;
  if (lua_isnone(state, index)) return "nothing";
  if (lua_type(state, index) == LUA_TNUMBER && !lua_isinteger(state, index)) return "number with a fraction";
  return luaL_typename(state, index);
}

void check_arguments(lua_State* state, const FunctionRow& row, const std::string& owner, int first) {
  const int given = lua_gettop(state) - first + 1;
  const bool open_ended = !row.parameters.empty() && row.parameters.back().name == "...";
  const int fixed = static_cast<int>(row.parameters.size()) - (open_ended ? 1 : 0);
  const int checked = open_ended ? std::max(given, fixed) : fixed;
  for (int i = 0; i < checked; ++i) {
    const Parameter& parameter = row.parameters[static_cast<std::size_t>(std::min(i, fixed))];
    if (i >= fixed && i >= given) break;
    const Parameter& at = i < fixed ? row.parameters[static_cast<std::size_t>(i)] : parameter;
    if (matches_type(state, first + i, at.type)) continue;
    raise(state, owner + row.name + ": argument " + std::to_string(i + 1) + " '" + at.name + "' must be " +
                     wanted(at.type) + ", got " + type_at(state, first + i));
  }
  if (given > fixed && !open_ended)
    raise(state, owner + row.name + " takes " + std::to_string(fixed) + (fixed == 1 ? " argument" : " arguments") +
                     ", got " + std::to_string(given));
}

}  // namespace trapline::lua
