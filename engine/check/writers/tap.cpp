// TAP version 13: 14 is refused by prove's TAP::Parser. Plan first; a YAML block below what did not pass.
#include "check/clean.h"
#include "check/writers/writers.h"

namespace trapline::check::writers {

namespace {

// Behind ` - ` and behind SKIP: a `#` would begin a directive.
std::string description(const std::string& text) {
  std::string out;
  for (const char letter : one_line(text)) {
    if (letter == '#' || letter == '\\') out += '\\';
    out += letter;
  }
  return out;
}

void add(std::string& out, const char* key, const std::string& text) {
  if (text.empty()) return;
  out += std::string("  ") + key + ": \"";
  for (const char letter : one_line(text)) {
    if (letter == '"' || letter == '\\') out += '\\';
    out += letter;
  }
  out += "\"\n";
}

std::string diagnostics(const Check& check) {
  std::string out = "  ---\n";
  add(out, "status", std::string(name_of(check.status)));
  add(out, "message", check.message);
  add(out, "expected", check.expected);
  add(out, "actual", check.actual);
  add(out, "event", check.event);
  add(out, "hint", check.hint);
  add(out, "show", check.show);
  return out + "  ...\n";
}

}  // namespace

std::string tap(const Report& report) {
  std::string out = "TAP version 13\n";
  if (report.checks.empty()) return out + "Bail out! " + one_line(report.failure) + "\n";
  out += "1.." + std::to_string(report.checks.size()) + "\n";
  u64 number = 0;
  for (const Check& check : report.checks) {
    const bool ok = check.status == Status::pass || check.status == Status::skip;
    out += std::string(ok ? "ok " : "not ok ") + std::to_string(++number) + " - " +
           description(check.id + ": " + check.title);
    if (check.status == Status::skip) out += " # SKIP " + description(check.message);
    out += "\n";
    if (!ok) out += diagnostics(check);
  }
  return out;
}

}  // namespace trapline::check::writers
