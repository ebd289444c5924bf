// One page walk, reference by reference: which entries were looked at, where each came from, and what came out.
#pragma once

#include <optional>
#include <vector>

#include "trace/event_source.h"

namespace trapline::views {

struct WalkView {
  trace::WalkBegin begin;
  std::vector<trace::WalkReference> references;
  std::optional<trace::WalkEnd> end;  // nothing where the trace stops inside the walk
  trace::Provenance provenance = trace::Provenance::observed;
  u64 first = 0;  // sequence number of walk_begin
  u64 cause = 0;  // the walk's correlator

  // References that went to memory, to a paging-structure cache, to the TLB.
  unsigned from(trace::Source source) const;
};

// The walk that the event at `sequence` belongs to, or the last one that began at or before it; nothing where none did.
std::optional<WalkView> walk_at(const trace::EventSource& source, u64 sequence);

}  // namespace trapline::views
