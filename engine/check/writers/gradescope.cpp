// Gradescope's results.json (Autograder Specifications, "Output Format"). A score at the top would override the sum of
// the tests, so there is one only where there are no tests, and it is 0. Everything is plain text and visible: a hidden
// test would hide the total.
#include "base/json.h"
#include "check/clean.h"
#include "check/writers/writers.h"

namespace trapline::check::writers {

namespace {

Json as_test(const Check& check) {
  return Json::object()
      .set("number", std::to_string(check.number))
      .set("name", one_line(check.id + ": " + check.title))
      .set("name_format", "text")
      .set("score", check.points)
      .set("max_score", check.max_points)
      .set("status", check.status == Status::pass ? "passed" : "failed")
      .set("output",
           check.status == Status::pass ? "passed" : std::string(name_of(check.status)) + ": " + details(check))
      .set("output_format", "text")
      .set("tags", Json::array().push(one_line(check.kind)))
      .set("visibility", "visible");
}

}  // namespace

std::string gradescope(const Report& report) {
  Json tests = Json::array();
  for (const Check& check : report.checks) tests.push(as_test(check));
  Json json = Json::object();
  if (report.checks.empty()) json.set("score", u64{0});
  json.set("output", one_line(report.failure.empty() ? "Lab " + report.lab + ": " + report.title : report.failure))
      .set("output_format", "text")
      .set("test_output_format", "text")
      .set("test_name_format", "text")
      .set("visibility", "visible")
      .set("stdout_visibility", "hidden")
      .set("extra_data", Json::object()
                             .set("tool", "trapline " TRAPLINE_VERSION)
                             .set("lab", one_line(report.lab))
                             .set("seed", report.seed))
      .set("tests", tests);
  return json.line() + "\n";
}

}  // namespace trapline::check::writers
