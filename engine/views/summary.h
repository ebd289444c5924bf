// One lane at a glance: what `trapline run` prints, from events alone, so that a script over `trapline events --json`
// can rebuild it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "views/console.h"
#include "views/exits.h"
#include "views/tlb.h"

namespace trapline::views {

struct WalkTotals {
  u64 walks = 0;
  u64 derived = 0;  // of them: not the processor's, but software's over the guest's tables
  u64 from_memory = 0, from_caches = 0, from_tlb = 0;  // references
  u64 fewest = ~0ULL, most = 0;                        // references to memory in one translated walk
  std::map<std::string, u64> outcomes;
};

class Summary {
 public:
  static trace::KindSet kinds(const trace::EventSource& source);
  void add(const trace::RecordedEvent& event);

  std::optional<trace::RunHeader> header;
  std::string header_json;
  std::optional<trace::RunEnd> end;
  u64 retired = trace::unknown_number;  // at the last event that told
  u64 tick = 0;
  ConsoleView console;
  ExitsView exits;
  TlbView tlb;
  WalkTotals walks;
  std::map<std::string, u64> actions;     // guest actions begun, by kind
  std::map<std::string, u64> exceptions;  // delivered, by vector
  std::map<std::string, u64> interrupts;  // by phase
  u64 gaps = 0;

 private:
  void add_walk(const trace::RecordedEvent& event);
};

}  // namespace trapline::views
