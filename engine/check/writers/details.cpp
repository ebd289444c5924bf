#include "check/clean.h"
#include "check/writers/writers.h"

namespace trapline::check::writers {

namespace {

void add(std::string& out, const char* label, const std::string& text) {
  if (text.empty()) return;
  out += (out.empty() ? "" : "\n") + std::string(label) + one_line(text);
}

}  // namespace

std::string details(const Check& check) {
  std::string out;
  add(out, "", check.message);
  add(out, "expected: ", check.expected);
  add(out, "seen: ", check.actual);
  add(out, "at: ", check.event);
  add(out, "hint: ", check.hint);
  add(out, "look: ", check.show);
  return out;
}

}  // namespace trapline::check::writers
