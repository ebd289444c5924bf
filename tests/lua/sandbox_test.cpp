// What a sandbox offers, what it refuses, and how it says so.
#include "lua/sandbox.h"

#include <doctest/doctest.h>

#include "sandboxes.h"

namespace trapline::lua::test {

TEST_CASE("a chunk returns values, and functions that can be called later") {
  const auto sandbox = open();
  const auto results = sandbox->run(
      "local n = 0; return 1, 2.5, 'x', true, nil, {1, 2, k = {3}}, "
      "function(by) n = n + by; return n end",
      "a.lua");
  REQUIRE(results.ok());
  REQUIRE(results->size() == 7);
  CHECK((*results)[0] == Value(1));
  CHECK((*results)[1] == Value(2.5));
  CHECK((*results)[5].text() == "{1, 2, k = {3}}");
  const FunctionValue add = *(*results)[6].function();
  CHECK(add->place() == "a.lua:1");
  const Value two[] = {2};
  CHECK((*add->call(two))[0] == Value(2));
  CHECK((*add->call(two))[0] == Value(4));
}

TEST_CASE("a function that went through another state still says where it stands") {
  const auto learner = open(), lab = open();
  const FunctionValue function = *(*learner->run("\nreturn function() end", "a.lua"))[0].function();
  lab->set_global("answer", function);
  const auto results = lab->run("return answer, {trap = answer}, function() end", "check.lua");
  REQUIRE(results.ok());
  CHECK((*(*results)[0].function())->place() == "a.lua:2");
  CHECK((*(*(*results)[1].table())["trap"].function())->place() == "a.lua:2");
  CHECK((*(*results)[2].function())->place() == "check.lua:1");
}

TEST_CASE("a function that outlives its sandbox says so") {
  FunctionValue function;
  {
    const auto sandbox = open();
    function = *(*sandbox->run("return function() end", "a.lua"))[0].function();
  }
  CHECK(trouble_of(function->call({})) == "the script that this function belongs to is closed");
}

TEST_CASE("errors name file and line, and say what to do") {
  const struct {
    const char* text;
    const char* sentence;
  } rows[] = {
      {"\nlocal x = nil\nreturn x.y", "a.lua:3: attempt to index a nil value (local 'x'); what stands before"},
      {"return f()", "a.lua:1: attempt to call a nil value (global 'f'); there is no function"},
      {"if 1 = 2 then end", "a.lua:1: 'then' expected near '='; if CONDITION then"},
      {"error('broken', 0)", "a.lua:1: broken"},
      {"error('check.lua:9: forged', 0)", "a.lua:1: check.lua:9: forged"},
      {"error({})", "a.lua:1: error() was called with a table instead of a message"},
      {"error(setmetatable({}, {__tostring = function() error('again') end}))",
       "a.lua:1: error() was called with a table instead of a message"},
      {"error()", "a.lua:1: error() was called without a message"},
      {"error('a\\27[2Jb\\nc')", "a.lua:1: a?[2Jb c"},
      {"\nlocal co = coroutine.wrap(function()\n error('inside') end)\nco()", "a.lua:4: a.lua:3: inside"},
      {"return setmetatable({}, {__gc = function() end})", "a.lua:1: setmetatable: finalizers (__gc) are not offered"},
      {"string.format = nil", "a.lua:1: string.format cannot be set: the table is read-only"},
      {"rawset(string, 'format', 1)", "a.lua:1: rawset: this table is read-only"},
      {"setmetatable(string, {})", "a.lua:1: setmetatable: this table's metatable is protected"},
      {"return string.format('%p', {})", "a.lua:1: string.format: %p is not offered here"},
      {"return load(function() end)", "a.lua:1: load takes the text of a chunk"},
      {"require '../secret'", "a.lua:1: require takes the name of a file of scripts/lua"},
      {"require 'no_such'", "a.lua:1: require: there is no module 'no_such' in scripts/lua"},
      {"\x1bLua", "attempt to load a binary chunk"},
      {"local t = {}; t.t = t; return t", "the value.t contains itself"},
      {"return {{coroutine.create(print)}}", "the value[1][1] is a thread, which cannot be handed over"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto sandbox = open();
    const std::string sentence = trouble_of(sandbox->run(row.text, "a.lua"));
    CAPTURE(sentence);
    CHECK(sentence.find(row.sentence) != std::string::npos);
  }
}

TEST_CASE("what is not offered is not there") {
  const auto sandbox = open();
  for (const char* const name : {"os", "io", "debug", "package", "dofile", "loadfile", "collectgarbage", "_G",
                                 "string.dump", "math.random", "math.randomseed", "warn"})
    CHECK_MESSAGE(answer(*sandbox, "return " + std::string(name) + " == nil") == Value(true), name);
  for (const char* const name :
       {"assert",     "error",       "getmetatable",  "ipairs",       "next",      "pairs",         "pcall",
        "print",      "rawequal",    "rawget",        "rawlen",       "rawset",    "select",        "setmetatable",
        "tonumber",   "tostring",    "type",          "xpcall",       "load",      "require",       "math.ult",
        "string.rep", "string.pack", "string.unpack", "table.concat", "utf8.char", "coroutine.wrap"})
    CHECK_MESSAGE(answer(*sandbox, "return type(" + std::string(name) + ")") == Value("function"), name);
}

TEST_CASE("no way leads to the real table of a library") {
  const auto sandbox = open();
  CHECK(answer(*sandbox, "local f, t, k = pairs(string); return rawequal(t, string) and f(t, nil) ~= nil") ==
        Value(true));
  CHECK(answer(*sandbox, "return getmetatable(''), getmetatable(string)") == Value("read-only"));
  CHECK(answer(*sandbox, "local n = 0; for k, v in pairs(table) do n = n + 1 end; return n") == Value(7));
  CHECK(answer(*sandbox, "print = 5; return load('return type(print)')()") == Value("function"));
}

TEST_CASE("a table, a function and their like show no host address") {
  const auto sandbox = open();
  CHECK(answer(*sandbox, "return tostring({}) .. ' ' .. string.format('%s', print) .. ' ' .. tostring(1.0)") ==
        Value("table function 1.0"));
  CHECK(answer(*sandbox, "return tostring(setmetatable({}, {__tostring = function() return 'mine' end}))") ==
        Value("mine"));
}

TEST_CASE("print goes where the owner says, and is bounded") {
  std::string printed;
  SandboxOptions options;
  options.limits.printed_bytes = 1000;
  options.print = [&](std::string_view text) { printed += text; };
  const auto sandbox = open(std::move(options));
  REQUIRE(sandbox->run("print(1, 'a', nil, true)", "a.lua").ok());
  CHECK(printed == "1\ta\tnil\ttrue\n");
  const std::string sentence = trouble_of(sandbox->run("while true do pcall(print, ('x'):rep(100)) end", "a.lua"));
  CHECK(sentence.find("has printed more than 0 KiB") != std::string::npos);
  CHECK(sandbox->trouble().kind == TroubleKind::budget);
}

TEST_CASE("functions cross states as proxies, tables by copy, objects shared") {
  const auto left = open(), right = open();
  const auto functions = left->run("local t = {}; return function(k, v) t[k] = v; return t end", "left.lua");
  const Value arguments[] = {(*functions)[0]};
  const auto back = right->run("local put = ...; local mine = {7}; put('a', mine); mine[1] = 8; return put('b', put)",
                               "right.lua", arguments);
  REQUIRE(back.ok());
  CHECK((*(*back)[0].table())["a"].text() == "{7}");
  const auto failing = left->run("return function() error('on the left') end", "left.lua");
  const Value thrower[] = {(*failing)[0]};
  const std::string sentence = trouble_of(right->run("local f = ...\nf()", "right.lua", thrower));
  CHECK(sentence == "right.lua:2: left.lua:1: on the left");
}

TEST_CASE("a prompt can tell an unfinished statement") {
  const auto sandbox = open();
  CHECK_FALSE(sandbox->is_complete("for i = 1, 3 do"));
  CHECK(sandbox->is_complete("for i = 1, 3 do end"));
  CHECK(sandbox->is_complete("x = = 1"));
}

TEST_CASE("require finds modules of its folder only, once, each in an environment of its own") {
  Modules modules;
  modules.put("counter", "print = nil; local n = 0; return {up = function() n = n + 1; return n end}");
  SandboxOptions options;
  options.module_folders = {modules.folder()};
  const auto sandbox = open(std::move(options));
  CHECK(answer(*sandbox, "local a, b = require 'counter', require 'counter'; a.up(); return b.up()") == Value(2));
  CHECK(answer(*sandbox, "return type(print)") == Value("function"));
}

}  // namespace trapline::lua::test
