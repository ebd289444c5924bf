// table.*, with Lua's meaning, charged for the elements that it touches: in C the hook would not see them. sort is a
// merge sort: stable, the same on every host, and never more than n log n comparisons, whatever the function says.
#include <algorithm>
#include <utility>

#include "lua/core.h"

namespace trapline::lua {

namespace {

constexpr lua_Integer most_unpacked = 100'000;

lua_Integer checked_length(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  return luaL_len(state, 1);
}

int insert(lua_State* state) {
  const lua_Integer end = static_cast<lua_Integer>(static_cast<u64>(checked_length(state)) + 1);
  if (lua_gettop(state) == 2) {
    lua_seti(state, 1, end);
    return 0;
  }
  if (lua_gettop(state) != 3) raise(state, "table.insert takes a table, a position or nothing, and a value");
  const lua_Integer position = luaL_checkinteger(state, 2);
  luaL_argcheck(state, static_cast<u64>(position) - 1U < static_cast<u64>(end), 2, "position out of bounds");
  charge(state, static_cast<u64>(end - position));
  for (lua_Integer i = end; i > position; --i) {
    lua_geti(state, 1, i - 1);
    lua_seti(state, 1, i);
  }
  lua_seti(state, 1, position);
  return 0;
}

int remove(lua_State* state) {
  const lua_Integer size = checked_length(state);
  lua_Integer position = luaL_optinteger(state, 2, size);
  if (position != size)
    luaL_argcheck(state, static_cast<u64>(position) - 1U <= static_cast<u64>(size), 2, "position out of bounds");
  lua_geti(state, 1, position);
  if (position < size) charge(state, static_cast<u64>(size - position));
  for (; position < size; ++position) {
    lua_geti(state, 1, position + 1);
    lua_seti(state, 1, position);
  }
  lua_pushnil(state);
  lua_seti(state, 1, position);
  return 1;
}

int move(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  const lua_Integer from = luaL_checkinteger(state, 2), end = luaL_checkinteger(state, 3);
  const lua_Integer to = luaL_checkinteger(state, 4);
  const int target = lua_isnoneornil(state, 5) ? 1 : 5;
  luaL_checktype(state, target, LUA_TTABLE);
  if (end >= from) {
    luaL_argcheck(state, from > 0 || end < LUA_MAXINTEGER + from, 3, "too many elements to move");
    luaL_argcheck(state, to <= LUA_MAXINTEGER - (end - from + 1) + 1, 4, "destination wrap around");
    charge(state, static_cast<u64>(end - from));
    const bool upwards = to > end || to <= from || target != 1;
    for (lua_Integer i = 0; i <= end - from; ++i) {
      const lua_Integer at = upwards ? i : end - from - i;
      lua_geti(state, 1, from + at);
      lua_seti(state, target, to + at);
    }
  }
  lua_pushvalue(state, target);
  return 1;
}

int concat(lua_State* state) {
  const lua_Integer size = checked_length(state);
  const std::string separator = luaL_optstring(state, 2, "");
  const lua_Integer first = luaL_optinteger(state, 3, 1), last = luaL_optinteger(state, 4, size);
  luaL_Buffer buffer;
  luaL_buffinit(state, &buffer);
  for (lua_Integer i = first; i <= last; ++i) {
    charge(state, 1);
    lua_geti(state, 1, i);
    if (!lua_isstring(state, -1))
      raise(state, "table.concat: element " + std::to_string(i) + " is a " + luaL_typename(state, -1));
    luaL_addvalue(&buffer);
    if (i == last) break;
    luaL_addlstring(&buffer, separator.data(), separator.size());
  }
  luaL_pushresult(&buffer);
  return 1;
}

int pack(lua_State* state) {
  const int count = lua_gettop(state);
  lua_createtable(state, count, 1);
  lua_insert(state, 1);
  for (int i = count; i >= 1; --i) lua_seti(state, 1, i);
  lua_pushinteger(state, count);
  lua_setfield(state, 1, "n");
  return 1;
}

int unpack(lua_State* state) {
  const lua_Integer first = luaL_optinteger(state, 2, 1);
  const lua_Integer last = lua_isnoneornil(state, 3) ? luaL_len(state, 1) : luaL_checkinteger(state, 3);
  if (first > last) return 0;
  const u64 count = static_cast<u64>(last) - static_cast<u64>(first);
  if (count >= most_unpacked || !lua_checkstack(state, static_cast<int>(count) + 1))
    raise(state, "table.unpack: too many results");
  charge(state, count);
  for (lua_Integer i = first; i < last; ++i) lua_geti(state, 1, i);
  lua_geti(state, 1, last);
  return static_cast<int>(count) + 1;
}

// ---- sort: table at 1, function or nil at 2, two lists of work at 3 and 4 -------------------------------------------
bool before(lua_State* state, int list, lua_Integer left, lua_Integer right) {
  const bool own = !lua_isnil(state, 2);
  if (own) lua_pushvalue(state, 2);
  lua_rawgeti(state, list, left);
  lua_rawgeti(state, list, right);
  charge(state, 2);
  if (own)
    lua_call(state, 2, 1);
  else
    lua_pushboolean(state, lua_compare(state, -2, -1, LUA_OPLT));
  const bool result = lua_toboolean(state, -1);
  lua_pop(state, own ? 1 : 3);
  return result;
}

void merge(lua_State* state, int from, int to, lua_Integer low, lua_Integer middle, lua_Integer high) {
  lua_Integer left = low, right = middle;
  for (lua_Integer at = low; at < high; ++at) {
    const bool take_right = left == middle || (right < high && before(state, from, right, left));
    lua_rawgeti(state, from, take_right ? right++ : left++);
    lua_rawseti(state, to, at);
  }
}

int sort(lua_State* state) {
  const lua_Integer size = checked_length(state);
  if (size < 2) return 0;
  if (size > 10'000'000) raise(state, "table.sort: the table is too long");
  if (!lua_isnoneornil(state, 2)) luaL_checktype(state, 2, LUA_TFUNCTION);
  lua_settop(state, 2);
  charge(state, static_cast<u64>(size));
  lua_createtable(state, static_cast<int>(size), 0);
  lua_createtable(state, static_cast<int>(size), 0);
  for (lua_Integer i = 1; i <= size; ++i) {
    lua_geti(state, 1, i);
    lua_rawseti(state, 3, i);
  }
  int from = 3, to = 4;
  for (lua_Integer width = 1; width < size; width *= 2, std::swap(from, to))
    for (lua_Integer low = 1; low <= size; low += 2 * width)
      merge(state, from, to, low, std::min(low + width, size + 1), std::min(low + 2 * width, size + 1));
  for (lua_Integer i = 1; i <= size; ++i) {
    lua_rawgeti(state, from, i);
    lua_seti(state, 1, i);
  }
  return 0;
}

}  // namespace

void push_table_library(lua_State* state) {
  static constexpr luaL_Reg functions[] = {{"concat", concat}, {"insert", insert}, {"move", move},
                                           {"pack", pack},     {"remove", remove}, {"sort", sort},
                                           {"unpack", unpack}, {nullptr, nullptr}};
  luaL_newlib(state, functions);
}

}  // namespace trapline::lua
