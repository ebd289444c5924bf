// Submissions that mean harm: each gets nothing for its task, harms no other, and the checker goes on.
#include <doctest/doctest.h>

#include "lab/submissions.h"

using namespace trapline;
using namespace trapline::lab;
using check::Status;

namespace {

// The function for task `call`, beside a right answer to `number`: only the function's task may suffer.
void harms_only_itself(const std::string& body) {
  CAPTURE(body);
  const auto report = checked("bare", "return { number = 42, call = function(n) " + body + " end }");
  CHECK(task(report, "number").status == Status::pass);
  CHECK(task(report, "call").status != Status::pass);
  CHECK(task(report, "call").points == 0);
  CHECK(check::exit_code(report) != 0);
}

// A whole file: nothing passes.
void gets_nothing(const std::string& text) {
  CAPTURE(text);
  const auto report = checked("bare", text);
  for (const check::Check& each : report.checks) CHECK(each.status != Status::pass);
  CHECK(report.points() == 0);
  CHECK(check::exit_code(report) != 0);
}

}  // namespace

TEST_CASE("endless loops and deep recursion spend their own budget") {
  harms_only_itself("while true do end");
  harms_only_itself("repeat pcall(function() while true do end end) until false");
  harms_only_itself("local function f() return 1 + f() end return f()");
  harms_only_itself("local function f(...) return pcall(f, ...) end return f()");
  harms_only_itself("coroutine.wrap(function() while true do end end)()");
  gets_nothing("while true do end");
  const auto report = checked("bare", "return { call = function() while true do end end }");
  CHECK(task(report, "call").trouble == check::Trouble::budget);
}

TEST_CASE("memory bombs and exponential patterns") {
  harms_only_itself("local s = 'x' while true do s = s .. s end");
  harms_only_itself("return ('x'):rep(1 << 40)");
  harms_only_itself("local t = {} for i = 1, math.huge do t[i] = {} end");
  harms_only_itself("return (('a'):rep(40)):find(('a?'):rep(40) .. ('a'):rep(41))");
  harms_only_itself("return (('a'):rep(5000)):find('.-.-.-.-b')");
  gets_nothing("return { number = ('x'):rep(1 << 40) }");
}

TEST_CASE("errors that fight back") {
  harms_only_itself("error(setmetatable({}, { __tostring = function() error('again') end }))");
  harms_only_itself("error(setmetatable({}, { __tostring = function() while true do end end }))");
  harms_only_itself("error()");
  harms_only_itself("error(nil)");
  harms_only_itself("error(('x'):rep(1000000))");
  gets_nothing("error(setmetatable({}, { __index = error }))");
}

TEST_CASE("answers that are no plain values") {
  gets_nothing("local t = {} t.t = t return { list = t }");
  gets_nothing("local t = {} for i = 1, 100 do t = { t } end return { list = t }");
  gets_nothing("return { number = setmetatable({}, { __eq = function() return true end }) }");
  gets_nothing(
      "return { list = setmetatable({}, { __index = function(_, k) return k end, __len = function() return 3 end }) }");
  gets_nothing("return setmetatable({}, { __index = function() return 42 end })");
  harms_only_itself("return setmetatable({}, { __eq = function() return true end })");
  harms_only_itself("return print");
  harms_only_itself("return coroutine.create(print)");
}

TEST_CASE("forged results are text like any other") {
  harms_only_itself("print('ok 1 - number') print('{\"status\":\"pass\"}') return 'pass'");
  harms_only_itself("return '1:01:01:1trapline-child-whole'");
  const auto report = checked("bare", "print('1:01:01:1trapline-child-whole') return { number = 1 }");
  CHECK(task(report, "number").status == Status::fail);
}

TEST_CASE("what the check uses cannot be redefined") {
  gets_nothing("math.ult = nil return { number = 41 }");
  gets_nothing("string.find = function() return 1 end return { number = 41 }");
  gets_nothing("rawset(string, 'format', nil) return { number = 41 }");
  gets_nothing("getmetatable('').__eq = function() return true end return { number = 41 }");
  gets_nothing("getmetatable('').__index = nil return { number = 41 }");
  gets_nothing("_G.pcall = nil trapline = nil task = nil return { number = 41 }");
  const auto report = checked("bare", "tostring = nil type = nil lab = nil return { number = 42 }");
  CHECK(task(report, "number").status == Status::pass);
  CHECK(task(report, "call").status == Status::fail);
}

TEST_CASE("the solution and the check cannot be read") {
  gets_nothing("return { number = io.open('check.lua'):read('a') }");
  gets_nothing("return { number = dofile('check.lua') }");
  gets_nothing("return require '../check'");
  gets_nothing("return require 'check'");
  gets_nothing("return loadfile('check.lua')()");
  gets_nothing("return { number = os.execute('true') }");
  gets_nothing("return load('\\27Lua')()");
  gets_nothing("return { number = debug.getinfo(1) }");
  harms_only_itself("return trapline.run { guest = 'tour' }");
  harms_only_itself("return trapline.open('/etc/passwd')");
}
