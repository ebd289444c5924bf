// One page walk, reference by reference: which entries were looked at, where each came from, and what came out.
#pragma once

#include <optional>
#include <vector>

#include "trace/event_source.h"

namespace trapline::views {

// A walk in two dimensions makes 24 references, a few more where it begins in a cache and again at the root. What is
// longer is no walk of this machine's, and is cut.
inline constexpr std::size_t most_references = 512;

struct WalkView {
  trace::WalkBegin begin;
  std::vector<trace::WalkReference> references;
  std::vector<u64> sequences;         // of the references
  std::optional<trace::WalkEnd> end;  // nothing where the trace stops inside the walk
  u64 last = 0;                       // sequence number of walk_end, or of what was seen last
  trace::Provenance provenance = trace::Provenance::observed;
  u64 first = 0;  // sequence number of walk_begin
  u64 cause = 0;  // the walk's correlator

  // References that went to memory, to a paging-structure cache, to the TLB.
  unsigned from(trace::Source source) const;
};

// The walk that the event at `sequence` belongs to, or the last one that began at or before it; nothing where none did.
std::optional<WalkView> walk_at(const trace::EventSource& source, u64 sequence);

}  // namespace trapline::views
