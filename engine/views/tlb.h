// The contents of the modelled TLB at a moment, folded from fills, evictions and flushes alone.
//
// A flush event says its scope and how many entries fell; which ones follows from the tags (SDM vol. 3, "Operations
// that Invalidate TLBs and Paging-Structure Caches"). Where the fold drops another number than the event says, the view
// and the machine disagree: `disagreements` counts that, and a test demands that it is 0.
#pragma once

#include <map>
#include <utility>

#include "trace/event_source.h"

namespace trapline::views {

struct TlbEntryView {
  trace::TlbFill fill;
  u64 sequence = 0;  // of the fill
};

// Whether a flush drops an entry, by the entry's tags.
bool drops(const trace::TlbFlush& flush, const trace::TlbFill& entry);

class TlbView {
 public:
  static trace::KindSet kinds(const trace::EventSource& source);
  void add(const trace::RecordedEvent& event);

  // By (set, way).
  const std::map<std::pair<u16, u16>, TlbEntryView>& entries() const { return entries_; }
  u64 misses() const { return misses_; }
  u64 fills() const { return fills_; }
  u64 evictions() const { return evictions_; }
  u64 flushes() const { return flushes_; }
  u64 flushed_entries() const { return flushed_entries_; }
  u64 disagreements() const { return disagreements_; }

 private:
  void flush(const trace::TlbFlush& flush);

  std::map<std::pair<u16, u16>, TlbEntryView> entries_;
  u64 misses_ = 0, fills_ = 0, evictions_ = 0, flushes_ = 0, flushed_entries_ = 0, disagreements_ = 0;
};

}  // namespace trapline::views
