// string.*: Lua's own functions where they are linear and allocate what they touch; find, match, gmatch and gsub over
// our own matcher (pattern.h); format without host addresses; no dump.
#include <algorithm>

#include "lua/core.h"
#include "lua/pattern.h"

namespace trapline::lua {

namespace {

std::string_view text_at(lua_State* state, int index) {
  std::size_t size = 0;
  const char* const text = luaL_checklstring(state, index, &size);
  return {text, size};
}

PatternMatcher matcher_of(lua_State* state, std::string_view subject, std::string_view pattern) {
  return PatternMatcher(
      subject, pattern, [state](u64 steps) { charge(state, steps); },
      [state](const std::string& what) { raise(state, what); });
}

// As the manual says of `init`: negative counts from the end; nothing where it lies behind the string.
bool start_of(lua_State* state, int index, std::size_t size, std::size_t& start) {
  const lua_Integer given = luaL_optinteger(state, index, 1);
  if (given > 0)
    start = static_cast<std::size_t>(given) - 1;
  else if (given == 0 || given < -static_cast<lua_Integer>(size))
    start = 0;
  else
    start = size - static_cast<std::size_t>(-given);
  return start <= size;
}

void push_capture(lua_State* state, const PatternMatcher& matcher, std::string_view subject, unsigned index,
                  std::size_t start, std::size_t end) {
  luaL_checkstack(state, 4, "too many captures");
  if (index >= matcher.captures()) {
    if (index != 0) matcher.fail("there is no capture %" + std::to_string(index + 1));
    return push_string(state, subject.substr(start, end - start));
  }
  const Capture& capture = matcher.capture(index);
  if (capture.length == Capture::unfinished) matcher.fail("the pattern has a '(' without its ')'");
  if (capture.length == Capture::position)
    lua_pushinteger(state, static_cast<lua_Integer>(capture.start) + 1);
  else
    push_string(state, subject.substr(capture.start, capture.length));
}

int push_captures(lua_State* state, const PatternMatcher& matcher, std::string_view subject, std::size_t start,
                  std::size_t end, bool whole) {
  const unsigned count = matcher.captures() == 0 && whole ? 1 : matcher.captures();
  for (unsigned i = 0; i < count; ++i) push_capture(state, matcher, subject, i, start, end);
  return static_cast<int>(count);
}

int find_plain(lua_State* state, std::string_view subject, std::string_view wanted, std::size_t start) {
  // find compares again at each place where the first letter fits
  charge(state, (subject.size() - start) / 16 + wanted.size());
  std::size_t at = start, compared = 0;
  for (; at + wanted.size() <= subject.size(); ++at) {
    at = wanted.empty() ? at : subject.find(wanted[0], at);
    if (at == std::string_view::npos || at + wanted.size() > subject.size()) break;
    std::size_t same = 0;
    while (same < wanted.size() && subject[at + same] == wanted[same]) ++same;
    if (same == wanted.size()) {
      lua_pushinteger(state, static_cast<lua_Integer>(at) + 1);
      lua_pushinteger(state, static_cast<lua_Integer>(at + wanted.size()));
      return 2;
    }
    compared += same + 1;
    if (compared < 65536) continue;
    charge(state, compared);
    compared = 0;
  }
  lua_pushnil(state);
  return 1;
}

int search(lua_State* state, bool finding) {
  const std::string_view subject = text_at(state, 1), pattern = text_at(state, 2);
  std::size_t start = 0;
  if (!start_of(state, 3, subject.size(), start)) {
    lua_pushnil(state);
    return 1;
  }
  if (finding && (lua_toboolean(state, 4) || pattern.find_first_of("^$*+?.([%-") == std::string_view::npos))
    return find_plain(state, subject, pattern, start);
  PatternMatcher matcher = matcher_of(state, subject, pattern);
  const bool anchored = !pattern.empty() && pattern[0] == '^';
  for (std::size_t at = start; at <= subject.size(); ++at) {
    const std::size_t end = matcher.match_at(at, anchored ? 1 : 0);
    if (end != std::string_view::npos) {
      matcher.settle();
      if (!finding) return push_captures(state, matcher, subject, at, end, true);
      lua_pushinteger(state, static_cast<lua_Integer>(at) + 1);
      lua_pushinteger(state, static_cast<lua_Integer>(end));
      return 2 + push_captures(state, matcher, subject, at, end, false);
    }
    if (anchored) break;
  }
  matcher.settle();
  lua_pushnil(state);
  return 1;
}

int find(lua_State* state) { return search(state, true); }
int match(lua_State* state) { return search(state, false); }

// upvalues: subject, pattern, where to go on, end of the last match (-1: none yet)
int next_match(lua_State* state) {
  const std::string_view subject = text_at(state, lua_upvalueindex(1)), pattern = text_at(state, lua_upvalueindex(2));
  const lua_Integer last = lua_tointeger(state, lua_upvalueindex(4));
  PatternMatcher matcher = matcher_of(state, subject, pattern);
  for (auto at = static_cast<std::size_t>(lua_tointeger(state, lua_upvalueindex(3))); at <= subject.size(); ++at) {
    const std::size_t end = matcher.match_at(at);
    if (end == std::string_view::npos || static_cast<lua_Integer>(end) == last) continue;
    matcher.settle();
    lua_pushinteger(state, static_cast<lua_Integer>(end));
    lua_pushvalue(state, -1);
    lua_replace(state, lua_upvalueindex(3));
    lua_replace(state, lua_upvalueindex(4));
    return push_captures(state, matcher, subject, at, end, true);
  }
  matcher.settle();
  return 0;
}

int gmatch(lua_State* state) {
  const std::size_t size = text_at(state, 1).size();
  text_at(state, 2);
  std::size_t start = 0;
  if (!start_of(state, 3, size, start)) start = size + 1;
  lua_settop(state, 2);
  lua_pushinteger(state, static_cast<lua_Integer>(start));
  lua_pushinteger(state, -1);
  lua_pushcclosure(state, next_match, 4);
  return 1;
}

// ---- gsub -----------------------------------------------------------------------------------------------------------
struct Substitution {
  lua_State* state;
  PatternMatcher& matcher;
  std::string_view subject;
  luaL_Buffer& buffer;
};

void add_template(const Substitution& in, std::size_t start, std::size_t end) {
  const std::string_view text = text_at(in.state, 3);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      luaL_addchar(&in.buffer, text[i]);
      continue;
    }
    const char what = ++i < text.size() ? text[i] : '\0';
    if (what == '%')
      luaL_addchar(&in.buffer, '%');
    else if (what == '0')
      luaL_addlstring(&in.buffer, in.subject.data() + start, end - start);
    else if (what >= '1' && what <= '9') {
      push_capture(in.state, in.matcher, in.subject, static_cast<unsigned>(what - '1'), start, end);
      luaL_tolstring(in.state, -1, nullptr);
      lua_remove(in.state, -2);
      luaL_addvalue(&in.buffer);
    } else
      in.matcher.fail("in a replacement a '%' is followed by a digit or another '%'");
  }
}

// Whether the match was replaced by something else.
bool add_replacement(const Substitution& in, int type, std::size_t start, std::size_t end) {
  lua_State* const state = in.state;
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(state, 3);
    const int count = push_captures(state, in.matcher, in.subject, start, end, true);
    lua_call(state, count, 1);
  } else if (type == LUA_TTABLE) {
    push_capture(state, in.matcher, in.subject, 0, start, end);
    lua_gettable(state, 3);
  } else {
    add_template(in, start, end);
    return true;
  }
  if (!lua_toboolean(state, -1)) {
    lua_pop(state, 1);
    luaL_addlstring(&in.buffer, in.subject.data() + start, end - start);
    return false;
  }
  if (!lua_isstring(state, -1))
    raise(state, std::string("string.gsub: a replacement is a string or number, not a ") + luaL_typename(state, -1));
  luaL_addvalue(&in.buffer);
  return true;
}

int gsub(lua_State* state) {
  const std::string_view subject = text_at(state, 1);
  std::string_view pattern = text_at(state, 2);
  const int type = lua_type(state, 3);
  luaL_argexpected(state, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                   "string/function/table");
  const lua_Integer most = luaL_optinteger(state, 4, static_cast<lua_Integer>(subject.size()) + 1);
  const bool anchored = !pattern.empty() && pattern[0] == '^';
  PatternMatcher matcher = matcher_of(state, subject, pattern);
  luaL_Buffer buffer;
  luaL_buffinit(state, &buffer);
  const Substitution in{state, matcher, subject, buffer};
  std::size_t at = 0, last = std::string_view::npos;
  lua_Integer count = 0;
  while (count < most) {
    const std::size_t end = matcher.match_at(at, anchored ? 1 : 0);
    if (end != std::string_view::npos && end != last) {
      ++count;
      add_replacement(in, type, at, end);
      at = last = end;
    } else if (at < subject.size())
      luaL_addchar(&buffer, subject[at++]);
    else
      break;
    if (anchored) break;
  }
  matcher.settle();
  luaL_addlstring(&buffer, subject.data() + at, subject.size() - at);
  luaL_pushresult(&buffer);
  lua_pushinteger(state, count);
  return 2;
}

// upvalue: Lua's own format. Tables and their like are put in as tostring shows them; %p is refused.
int format(lua_State* state) {
  const std::string_view pattern = text_at(state, 1);
  for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] != '%') continue;
    std::size_t letter = i + 1;
    while (letter < pattern.size() &&
           std::string_view("-+ #0123456789.").find(pattern[letter]) != std::string_view::npos)
      ++letter;
    if (letter < pattern.size() && pattern[letter] == 'p')
      raise(state, "string.format: %p is not offered here, since addresses of this host differ from run to run");
    i = letter;
  }
  for (int i = 2; i <= lua_gettop(state); ++i) {
    const int type = lua_type(state, i);
    if (type == LUA_TNIL || type == LUA_TBOOLEAN || type == LUA_TNUMBER || type == LUA_TSTRING) continue;
    push_text_of(state, i);
    lua_replace(state, i);
  }
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
  return lua_gettop(state);
}

// Lua's own would count to n even where there is nothing to repeat.
int rep(lua_State* state) {
  const bool nothing = text_at(state, 1).empty() && std::string_view(luaL_optstring(state, 3, "")).empty();
  const lua_Integer count = luaL_checkinteger(state, 2);
  if (nothing) {
    lua_pushliteral(state, "");
    return 1;
  }
  if (count > 0) charge(state, std::min<u64>(static_cast<u64>(count), core_of(state).options.limits.memory_bytes) / 16);
  lua_settop(state, 3);
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, 3, 1);
  return 1;
}

// upvalue: a function whose work is linear in its first argument, and allocates nothing
int charged(lua_State* state) {
  charge(state, text_at(state, 1).size() / 16);
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
  return lua_gettop(state);
}

void wrap(lua_State* state, const char* name, lua_CFunction function) {
  lua_getfield(state, -1, name);
  lua_pushcclosure(state, function, 1);
  lua_setfield(state, -2, name);
}

}  // namespace

void charge_by_length(lua_State* state, const char* name) { wrap(state, name, charged); }

void push_string_library(lua_State* state) {
  static constexpr luaL_Reg own[] = {
      {"find", find}, {"gmatch", gmatch}, {"gsub", gsub}, {"match", match}, {nullptr, nullptr}};
  lua_pushcfunction(state, luaopen_string);
  lua_call(state, 0, 1);
  luaL_setfuncs(state, own, 0);
  wrap(state, "format", format);
  wrap(state, "rep", rep);
  wrap(state, "byte", charged);
  lua_pushnil(state);
  lua_setfield(state, -2, "dump");
  lua_pushliteral(state, "");
  lua_getmetatable(state, -1);
  lua_pushliteral(state, "read-only");
  lua_setfield(state, -2, "__metatable");
  lua_pop(state, 2);
}

}  // namespace trapline::lua
