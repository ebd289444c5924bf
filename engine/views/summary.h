// One lane at a glance: what `trapline run` prints, from events alone, so that a script over `trapline events --json`
// can rebuild it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "views/console.h"
#include "views/exits.h"
#include "views/paravirtual.h"
#include "views/tlb.h"

namespace trapline::views {

struct WalkTotals {
  u64 walks = 0;
  u64 derived = 0;  // of them: not the processor's, but software's over the guest's tables
  u64 from_memory = 0, from_caches = 0, from_tlb = 0;  // references
  u64 fewest = ~0ULL, most = 0;                        // references to memory in one translated walk
  std::map<std::string, u64> outcomes;
};

// What a monitor did for a deprivileged guest.
struct DeprivilegedTotals {
  std::map<std::string, u64> traps;  // by vector, or by kind where the trap is no exception
  std::map<std::string, u64> emulated, reflected;
  u64 blocks = 0, instructions = 0, invalidated = 0;            // translated code
  u64 shadow_filled = 0, shadow_synced = 0, shadow_zapped = 0;  // entries
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
  DeprivilegedTotals deprivileged;
  ParavirtualView paravirtual;
  u64 gaps = 0;

 private:
  void add_deprivileged(const trace::RecordedEvent& event);
  void add_walk(const trace::RecordedEvent& event);
};

}  // namespace trapline::views
