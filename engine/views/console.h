// What the guest printed on its serial port.
#pragma once

#include <string>

#include "trace/event_source.h"

namespace trapline::views {

struct ConsoleView {
  std::string text;

  static trace::KindSet kinds(const trace::EventSource& source);
  void add(const trace::RecordedEvent& event);

  // The lines that start with `fact:`, each with its line break: what the digest is made of. A last line without one
  // does not count.
  std::string facts() const;
};

}  // namespace trapline::views
