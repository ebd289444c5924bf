// The walk around an event: its begin, its end and its references, found within bounds.
#pragma once

#include "explain/account.h"

namespace trapline::explain {

struct WalkAround {
  static constexpr std::size_t most_references = 512;

  std::optional<trace::RecordedEvent> begin, end;
  std::vector<std::pair<u64, trace::WalkReference>> references;  // with their numbers, in order

  unsigned from(trace::Source source) const;
  bool failed() const;
};

// Of the events that carry this correlator.
WalkAround walk_around(Account& account, u64 sequence, u64 cause);

// The address that a walk translates: linear, or guest-physical for an EPT walk on its own.
std::string walked_address(const Account& account, const trace::WalkBegin& begin);

}  // namespace trapline::explain
