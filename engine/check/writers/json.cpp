// The whole report as one JSON object, a field for a field of the model; empty texts are null.
#include "base/json.h"

#include "check/clean.h"
#include "check/writers/writers.h"

namespace trapline::check::writers {

namespace {

void set(Json& json, std::string_view key, const std::string& text) {
  text.empty() ? json.set_null(key) : json.set(key, one_line(text));
}

Json as_json(const Check& check) {
  Json json = Json::object();
  json.set("id", one_line(check.id))
      .set("number", u64{check.number})
      .set("title", one_line(check.title))
      .set("kind", one_line(check.kind))
      .set("status", name_of(check.status))
      .set_flag("filled_in", check.filled_in)
      .set("points", check.points)
      .set("max_points", check.max_points);
  const bool troubled = check.status == Status::error || check.status == Status::skip;
  troubled ? json.set("trouble", name_of(check.trouble)) : json.set_null("trouble");
  set(json, "message", check.message);
  set(json, "expected", check.expected);
  set(json, "actual", check.actual);
  set(json, "event", check.event);
  set(json, "show", check.show);
  set(json, "hint", check.hint);
  check.printed.empty() ? json.set_null("printed") : json.set("printed", many_lines(check.printed));
  set(json, "dependency", check.dependency);
  return json;
}

}  // namespace

std::string json(const Report& report) {
  Json lanes = Json::array(), checks = Json::array();
  for (const GradedLane& lane : report.lanes)
    lanes.push(Json::object().set("name", one_line(lane.name)).set("event_hash", one_line(lane.event_hash)));
  for (const Check& check : report.checks) checks.push(as_json(check));
  Json json = Json::object();
  json.set("tool", "trapline " TRAPLINE_VERSION)
      .set("lab", one_line(report.lab))
      .set("title", one_line(report.title))
      .set("seed", report.seed);
  set(json, "file", report.file);
  json.set_flag("passed", exit_code(report) == 0).set("points", report.points()).set("max_points", report.max_points());
  set(json, "failure", report.failure);
  return json.set("lanes", lanes).set("checks", checks).line() + "\n";
}

}  // namespace trapline::check::writers
