// Submissions held against a lab without lanes: who is right, who is told what, and whose mistake it is.
#include "lab/checker.h"

#include <doctest/doctest.h>

#include "lab/submissions.h"

using namespace trapline;
using namespace trapline::lab;
using check::Status;
using check::Trouble;

TEST_CASE("right answers pass and have their points") {
  const auto report =
      checked("bare", "return { number = 42, list = {3, 1, 2}, call = function(n) return 2 * n + 1 end }");
  CHECK(check::exit_code(report) == 0);
  CHECK(report.points() == 6);
}

TEST_CASE("the exercise as shipped fails, and says of each task what to do") {
  CheckRequest request;
  request.place = test_lab("bare");
  const auto report = check_submission(request);
  REQUIRE(report);
  CHECK(check::exit_code(*report) == 1);
  for (const check::Check& each : report->checks) {
    CHECK(each.status == Status::fail);
    CHECK_FALSE(each.filled_in);
    CHECK(each.message.find("Which") != std::string::npos);
  }
  CHECK(report->checks[0].hint == "Think of six.");
  CHECK(report->checks[0].hint_count == 2);
}

TEST_CASE("a wrong answer says what was expected and seen, with a hint") {
  const auto report = checked("bare", "return { number = 41, list = {1, 2, 4}, call = function(n) return n end }");
  CHECK(check::exit_code(report) == 1);
  CHECK(task(report, "number").message == "Not right yet: the number.");
  CHECK(task(report, "number").expected == "42");
  CHECK(task(report, "number").actual == "41");
  CHECK(task(report, "number").hint == "Think of six.");
  CHECK(task(report, "list").status == Status::fail);
  CHECK(task(report, "call").actual == "20");
  CHECK(task(report, "call").hint == "Double it.");
}

TEST_CASE("hints come in steps") {
  CheckRequest request;
  request.place = test_lab("bare");
  request.task = "number";
  request.hint = 2;
  auto report = check_submission(request);
  REQUIRE(report);
  REQUIRE(report->checks.size() == 1);
  CHECK(report->checks[0].hint == "Think of seven.");
  request.hint = 99;
  report = check_submission(request);
  CHECK(report->checks[0].hint_number == 2);
}

TEST_CASE("seeds make variants, and an answer may be computed from the lab") {
  const std::string computed = "return { number = function(lab) return 41 + lab.seed end }";
  CHECK(task(checked("bare", computed, 1), "number").status == Status::pass);
  CHECK(task(checked("bare", computed, 7), "number").status == Status::pass);
  CHECK(task(checked("bare", "return { number = 42 }", 7), "number").expected == "48");
  CHECK(task(checked("bare", "return { number = lab.seed + 41 }", 3), "number").status == Status::pass);
}

TEST_CASE("an answer of another type is told from a wrong one") {
  const auto report = checked("bare", "return { number = '42', list = 3, call = {} }");
  CHECK(task(report, "number").expected == "an integer");
  CHECK(task(report, "number").actual == "string \"42\"");
  CHECK(task(report, "list").status == Status::fail);
  CHECK(task(report, "call").expected == "a function");
  CHECK(task(checked("bare", "return { number = 42.5 }"), "number").actual == "number 42.5");
  CHECK(task(checked("bare", "return { number = 84 / 2 }"), "number").status == Status::pass);
}

TEST_CASE("an error in the learner's code is the learner's, with file and line") {
  const auto report = checked("bare", "return { number = 42, call = function(n)\n  return n.x.y\nend }");
  CHECK(task(report, "number").status == Status::pass);
  CHECK(task(report, "call").status == Status::error);
  CHECK(task(report, "call").trouble == Trouble::submission);
  CHECK(task(report, "call").message.find("submission.lua:2:") != std::string::npos);
  CHECK(check::exit_code(report) == 1);
  const auto syntax = checked("bare", "return { number = ");
  CHECK(task(syntax, "number").trouble == Trouble::submission);
  CHECK(task(syntax, "number").message.find("submission.lua:1:") != std::string::npos);
  CHECK(task(checked("bare", "number = 42"), "number").message.find("must end with") != std::string::npos);
}

TEST_CASE("what a submission prints is kept apart") {
  const auto report = checked("bare", "print('ok 1')\nreturn { number = 42 }");
  CHECK(task(report, "number").printed == "ok 1\n");
  CHECK(task(report, "number").status == Status::pass);
}

TEST_CASE("a request for what is not there names it") {
  CheckRequest request;
  request.place = test_lab("bare");
  request.task = "nosuch";
  auto report = check_submission(request);
  REQUIRE_FALSE(report);
  CHECK(report.error().sentence.find("number, list, call") != std::string::npos);
  request = {};
  request.place = test_lab("bare");
  request.file = "/nowhere/answers.lua";
  report = check_submission(request);
  REQUIRE_FALSE(report);
  CHECK(report.error().sentence.find("/nowhere/answers.lua") != std::string::npos);
}

namespace {

check::Report of_lab(const std::string& lab, const std::string& checks, const std::string& submission) {
  const Folder folder;
  folder.write("lab/lab.lua", lab);
  folder.write("lab/check.lua", checks);
  CheckRequest request;
  request.place = *find_lab(folder.path("lab"));
  request.file = folder.write("submission.lua", submission);
  const auto report = check_submission(request);
  REQUIRE(report);
  return *report;
}

constexpr const char* one_task =
    "return { title = 't', tasks = { { id = 'a', title = 'A', kind = 'measure', question = 'q' } } }";

}  // namespace

TEST_CASE("a lab's own mistakes are the lab's") {
  const auto whose = [](const std::string& lab, const std::string& checks) {
    const auto report = of_lab(lab, checks, "return { a = 1 }");
    CHECK(check::exit_code(report) == 2);
    return report.checks.empty() ? report.failure : report.checks[0].message;
  };
  CHECK(whose("return {", "").find("lab.lua:1") != std::string::npos);
  CHECK(whose("return 3", "").find("lab.lua must end with") != std::string::npos);
  CHECK(whose("return { title = 't', tasks = {} }", "").find("tasks") != std::string::npos);
  CHECK(whose("return { title = 't', tasks = { { id = 'A b' } } }", "").find("task 1: id") != std::string::npos);
  CHECK(whose("return { title = 't', tasks = { { id = 'a', title = '', kind = 'guess' } } }", "").find("guess") !=
        std::string::npos);
  CHECK(whose("return { title = 't', lanes = 3, tasks = {} }", "").find("lanes") != std::string::npos);
  CHECK(whose(one_task, "return {").find("check.lua:1") != std::string::npos);
  CHECK(whose(one_task, "return {}").find("no function for task a") != std::string::npos);
  CHECK(whose(one_task, "return { a = function(task) end }").find("expects nothing") != std::string::npos);
  CHECK(whose(one_task, "return { a = function(task) local x = nil + 1 end }").find("check.lua:1") !=
        std::string::npos);
  CHECK(whose(one_task, "return { a = function(task) task:lane('x') end }").find("no lane 'x'") != std::string::npos);
}

TEST_CASE("a check that catches a failed expectation has still failed") {
  const auto report =
      of_lab(one_task,
             "return { a = function(task) pcall(task.equal, task, 1, 2) pcall(function() task:equal(1, 2) "
             "end) task:equal(1, 1) end }",
             "return { a = 1 }");
  CHECK(report.checks[0].status == Status::fail);
}
