// JSON as check50 prints it: `passed` is true, false, or null for a check that could not be run. Where nothing could be
// run, `error` stands in the place of `results`.
#include "base/json.h"
#include "check/clean.h"
#include "check/writers/writers.h"

namespace trapline::check::writers {

namespace {

bool could_run(const Check& check) {
  if (check.status == Status::pass || check.status == Status::fail) return true;
  return check.status == Status::error && (check.trouble == Trouble::submission || check.trouble == Trouble::budget);
}

Json cause_of(const Check& check) {
  Json cause = Json::object().set("rationale", one_line(check.message));
  check.hint.empty() ? cause.set_null("help") : cause.set("help", one_line(check.hint));
  if (!check.expected.empty()) cause.set("expected", one_line(check.expected));
  if (!check.actual.empty()) cause.set("actual", one_line(check.actual));
  return cause;
}

Json as_result(const Check& check) {
  Json log = Json::array();
  if (!check.event.empty()) log.push(one_line(check.event));
  if (!check.show.empty()) log.push(one_line(check.show));
  Json json = Json::object();
  json.set("name", one_line(check.id)).set("description", one_line(check.title));
  could_run(check) ? json.set_flag("passed", check.status == Status::pass) : json.set_null("passed");
  json.set("log", log);
  check.status == Status::pass ? json.set_null("cause") : json.set("cause", cause_of(check));
  json.set("data", Json::object().set("points", check.points).set("max_points", check.max_points));
  check.dependency.empty() ? json.set_null("dependency") : json.set("dependency", one_line(check.dependency));
  return json;
}

}  // namespace

std::string check50(const Report& report) {
  Json json = Json::object();
  json.set("slug", "trapline/" + one_line(report.lab)).set("version", TRAPLINE_VERSION);
  if (report.checks.empty()) {
    json.set("error", Json::object()
                          .set("type", name_of(report.failure_trouble))
                          .set("value", one_line(report.failure))
                          .set("traceback", Json::array())
                          .set("data", Json::object()));
    return json.line() + "\n";
  }
  Json results = Json::array();
  for (const Check& check : report.checks) results.push(as_result(check));
  return json.set("results", results).line() + "\n";
}

}  // namespace trapline::check::writers
