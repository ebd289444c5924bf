// Scripts that want to hang, crash or swallow this program: each ends, with a sentence.
#include <doctest/doctest.h>

#include "sandboxes.h"

namespace trapline::lua::test {

namespace {

struct Hostile {
  const char* name;
  const char* text;
  TroubleKind kind;
};

constexpr Hostile rows[] = {
    {"endless loop", "while true do end", TroubleKind::budget},
    {"endless loop behind pcall", "while true do pcall(function() while true do end end) end", TroubleKind::budget},
    {"pcall in pcall", "local function f() while true do pcall(f) end end f()", TroubleKind::budget},
    {"xpcall with a handler that fails",
     "while true do xpcall(function() while true do end end, function() error(1) end) end", TroubleKind::budget},
    {"memory bomb", "local t = {} for i = 1, 1e9 do t[i] = {i} end", TroubleKind::memory},
    {"memory bomb behind pcall",
     "local t = {} while true do pcall(function() t[#t + 1] = ('x'):rep(1e6) .. #t end) end", TroubleKind::memory},
    {"string.rep bomb", "return ('x'):rep(1e9)", TroubleKind::memory},
    {"string.rep of nearly all there is", "return ('x'):rep(math.maxinteger)", TroubleKind::script},
    {"doubling", "local s = 'x' while true do s = s .. s end", TroubleKind::memory},
    {"garbage strings", "local s = ('x'):rep(1e6) while true do local t = s .. 'y' end", TroubleKind::budget},
    {"deep recursion", "local function f() return 1 + f() end return f()", TroubleKind::memory},
    {"deep recursion, caught for ever", "local function f() f() end while true do pcall(f) end", TroubleKind::memory},
    {"C recursion by metamethods",
     "local t = setmetatable({}, {}) getmetatable(t).__index = function(a, k) return a[k + 1] end return t[1]",
     TroubleKind::script},
    {"C recursion by gsub", "local function f(s) return (s:gsub('.', f)) end return f('x')", TroubleKind::script},
    {"C recursion by tostring",
     "local t = setmetatable({}, {__tostring = function(s) return tostring(s) end}) print(t)", TroubleKind::script},
    {"nested text", "return load('return ' .. ('('):rep(1e5) .. '1' .. (')'):rep(1e5))() ", TroubleKind::script},
    {"runaway coroutines", "while true do coroutine.wrap(function() for i = 1, 900 do end end)() end",
     TroubleKind::budget},
    {"coroutines in coroutines", "local function f() coroutine.wrap(f)() end f()", TroubleKind::script},
    {"coroutines that swallow",
     "while true do coroutine.resume(coroutine.create(function() while true do end end)) end", TroubleKind::budget},
    {"a coroutine that is closed without hooks",
     "coroutine.wrap(function() local x <close> = setmetatable({}, {__close = function() while true do end end}) "
     "while true do end end)()",
     TroubleKind::budget},
    {"a to-be-closed variable behind pcall",
     "pcall(function() local x <close> = setmetatable({}, {__close = function() while true do end end}) "
     "while true do end end)",
     TroubleKind::budget},
    {"a pattern of exponential time", "return ('a'):rep(5000):find(('a-'):rep(30) .. 'b')", TroubleKind::budget},
    {"a pattern of many stars", "return ('a'):rep(3000):match('.*.*.*.*.*.*b')", TroubleKind::budget},
    {"gsub of an exponential pattern", "return ('a'):rep(3000):gsub('(.-)(.-)(.-)(.-)(.-)b', '')", TroubleKind::budget},
    {"gmatch of an exponential pattern", "for x in ('a'):rep(3000):gmatch('.-.-.-.-.-b') do end", TroubleKind::budget},
    {"nested brackets of %b", "local s = ('('):rep(1e6) while true do s:find('%b()') end", TroubleKind::budget},
    {"a pattern too deep", "return ('x'):rep(1000):match(('(x'):rep(20) .. (')'):rep(20) .. ('x?'):rep(300))",
     TroubleKind::script},
    {"plain find", "local s = ('a'):rep(1e6) while true do s:find(('a'):rep(1e5) .. 'b', 1, true) end",
     TroubleKind::budget},
    {"table.move without an end", "table.move({}, 1, math.maxinteger - 1, 2)", TroubleKind::budget},
    {"table.insert at the front", "local t = {} for i = 1, 1e9 do table.insert(t, 1, i) end", TroubleKind::budget},
    {"table.remove from a table that lies about its length",
     "table.remove(setmetatable({}, {__len = function() return math.maxinteger end}), 1)", TroubleKind::budget},
    {"table.concat of nothing, for ever",
     "table.concat(setmetatable({}, {__index = function() return '' end}), '', 1, math.maxinteger)",
     TroubleKind::budget},
    {"table.unpack", "return table.unpack({}, 1, 1e8)", TroubleKind::script},
    {"table.sort without an order",
     "local t = {} for i = 1, 1e5 do t[i] = i end while true do table.sort(t, function() return true end) end",
     TroubleKind::budget},
    {"finalizer", "setmetatable({}, {__gc = function() while true do end end})", TroubleKind::script},
    {"select", "while true do select('#', table.unpack({}, 1, 99999)) end", TroubleKind::budget},
    {"ipairs without an end", "for i in ipairs(setmetatable({}, {__index = function() return 1 end})) do end",
     TroubleKind::budget},
    {"goto", "::a:: goto a", TroubleKind::budget},
    {"parsing for ever", "local s = ('x = 1 '):rep(1e5) while true do load(s) end", TroubleKind::budget},
    {"string.rep of nothing", "while true do (''):rep(math.maxinteger) end", TroubleKind::budget},
    {"string.byte", "local s = ('a'):rep(1e6) while true do local a = s:byte(1, 90000) end", TroubleKind::budget},
    {"utf8", "local s = ('a'):rep(1e6) while true do utf8.len(s) end", TroubleKind::budget},
};

}  // namespace

TEST_CASE("a hostile script ends with a sentence, and its sandbox can be closed") {
  for (const Hostile& row : rows) {
    CAPTURE(std::string(row.name));
    SandboxOptions options;
    options.limits.instructions = 3'000'000;
    options.limits.memory_bytes = 32 << 20;
    const auto sandbox = open(std::move(options));
    const auto results = sandbox->run(row.text, "hostile.lua");
    CAPTURE(trouble_of(results));
    CHECK_FALSE(results.ok());
    CHECK(static_cast<int>(sandbox->trouble().kind) == static_cast<int>(row.kind));
    CHECK(sandbox->used_memory() <= 32 << 20);
  }
}

TEST_CASE("what is spent stays spent until the owner refills it") {
  SandboxOptions options;
  options.limits.instructions = 100'000;
  const auto sandbox = open(std::move(options));
  CHECK_FALSE(sandbox->run("function f() return 1 end while true do end", "a.lua").ok());
  CHECK_FALSE(sandbox->run("return f()", "a.lua").ok());
  sandbox->refill();
  CHECK(answer(*sandbox, "return f()") == Value(1));
}

TEST_CASE("the same script spends the same, whatever ran before it") {
  const char* const text = "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(i):gsub('x', 'yy') end return #t";
  const auto first = open(), second = open();
  CHECK(answer(*first, text) == Value(1000));
  CHECK(answer(*second, text) == Value(1000));
  CHECK(first->spent_instructions() > 0);
}

TEST_CASE("an interrupt ends a script that would not end") {
  const auto sandbox = open();
  sandbox->interrupt();
  CHECK(trouble_of(sandbox->run("while true do end", "a.lua")).find("interrupted") != std::string::npos);
  CHECK(sandbox->trouble().kind == TroubleKind::interrupted);
  sandbox->refill();
  CHECK(answer(*sandbox, "return 1") == Value(1));
}

TEST_CASE("states that call each other without an end are stopped before this program's stack is") {
  const auto left = open(), right = open();
  const Value f = (*left->run("return function(g, f) return g(f, g) end", "left.lua"))[0];
  const Value g = (*right->run("return function(f, g) return f(g, f) end", "right.lua"))[0];
  const Value arguments[] = {g, f};
  CHECK(trouble_of((*f.function())->call(arguments)).find("call each other too deeply") != std::string::npos);
}

}  // namespace trapline::lua::test
