// Which exits a lane took, how often, and what they cost: VM exits by reason where the metal shows them (soft), traps
// of a deprivileged guest, and returns to the monitor's user half by reason (both metals).
#pragma once

#include <string>
#include <vector>

#include "trace/event_source.h"

namespace trapline::views {

struct ExitRow {
  std::string reason;
  u64 count = 0;
  u64 cost = 0;   // soft: modelled cycles from the exit to the next entry; kvm: nanoseconds inside KVM_RUN before it;
                  // traps: 0, since no event tells when the guest goes on
  u64 first = 0;  // sequence number of the first one
};

class ExitsView {
 public:
  static trace::KindSet kinds(const trace::EventSource& source);
  void add(const trace::RecordedEvent& event);

  // Most frequent first, then by reason.
  std::vector<ExitRow> vm_exits() const;
  std::vector<ExitRow> traps() const;
  std::vector<ExitRow> user_exits() const;
  u64 vm_entries() const { return entries_; }

 private:
  std::vector<ExitRow> vm_exits_;
  std::vector<ExitRow> traps_;
  std::vector<ExitRow> user_exits_;
  u64 entries_ = 0;
  std::size_t open_row_ = ~0ULL;  // of the exit that no entry has followed yet
  u64 open_tick_ = 0;
};

}  // namespace trapline::views
