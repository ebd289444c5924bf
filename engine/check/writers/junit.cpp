// JUnit XML as CI servers read it (there is no official specification; testmoapp/junitxml collects what readers take).
// No times: a report of one submission is the same on every host.
#include "check/clean.h"
#include "check/writers/writers.h"

namespace trapline::check::writers {

namespace {

std::string attribute(const char* name, const std::string& text) {
  return std::string(" ") + name + "=\"" + xml_line(text) + "\"";
}

std::string counts(const Report& report, u64 own_errors) {
  return attribute("tests", std::to_string(report.checks.size() + own_errors)) +
         attribute("failures", std::to_string(report.count(Status::fail))) +
         attribute("errors", std::to_string(report.count(Status::error) + own_errors)) +
         attribute("skipped", std::to_string(report.count(Status::skip)));
}

std::string outcome(const Check& check) {
  switch (check.status) {
    case Status::pass:
      return "";
    case Status::skip:
      return "   <skipped" + attribute("message", check.message) + "/>\n";
    case Status::fail:
      return "   <failure" + attribute("message", check.message) + attribute("type", "AssertionError") + ">" +
             xml_lines(details(check)) + "</failure>\n";
    case Status::error:
      break;
  }
  return "   <error" + attribute("message", check.message) + attribute("type", std::string(name_of(check.trouble))) +
         ">" + xml_lines(details(check)) + "</error>\n";
}

}  // namespace

std::string junit(const Report& report) {
  const u64 own_errors = report.checks.empty() ? 1 : 0;
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + attribute("name", "trapline") +
                    counts(report, own_errors) + ">\n <testsuite" + attribute("name", report.lab) +
                    counts(report, own_errors) + ">\n  <properties>\n   <property" + attribute("name", "seed") +
                    attribute("value", std::to_string(report.seed)) + "/>\n  </properties>\n";
  if (own_errors)
    out += "  <testcase" + attribute("classname", report.lab) + attribute("name", "the lab") + ">\n   <error" +
           attribute("message", report.failure) + attribute("type", std::string(name_of(report.failure_trouble))) +
           "/>\n  </testcase>\n";
  for (const Check& check : report.checks)
    out += "  <testcase" + attribute("classname", report.lab + "." + check.kind) +
           attribute("name", check.id + ": " + check.title) + ">\n" + outcome(check) + "  </testcase>\n";
  return out + " </testsuite>\n</testsuites>\n";
}

}  // namespace trapline::check::writers
