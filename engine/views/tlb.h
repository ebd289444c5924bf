// The contents of the modelled TLB at a moment, folded from fills, evictions and flushes alone.
//
// A flush event says its scope and how many entries fell; which ones follows from the tags (SDM vol. 3, "Operations
// that Invalidate TLBs and Paging-Structure Caches"). Where the fold drops another number than the event says, the view
// and the machine disagree: `disagreements` counts that, and a test demands that it is 0.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "trace/event_source.h"

namespace trapline::views {

struct TlbEntryView {
  trace::TlbFill fill;
  u64 sequence = 0;  // of the fill
};

// How a slot became empty.
struct TlbDeparture {
  enum class Way : u8 { evicted, flushed };
  Way way = Way::evicted;
  u64 sequence = 0;           // of the eviction or the flush
  trace::FlushCause cause{};  // of a flush
  trace::TlbFill last;        // what was in it
};

struct TlbFlushView {
  trace::TlbFlush flush;
  u64 sequence = 0;
};

class TlbView {
 public:
  static trace::KindSet kinds(const trace::EventSource& source);
  void add(const trace::RecordedEvent& event);

  // By (set, way).
  const std::map<std::pair<u16, u16>, TlbEntryView>& entries() const { return entries_; }
  // By (set, way): the last departure, also where something has been filled in since.
  const std::map<std::pair<u16, u16>, TlbDeparture>& departures() const { return departures_; }
  // The last flushes, the newest last.
  static constexpr std::size_t flushes_kept = 12;
  const std::vector<TlbFlushView>& last_flushes() const { return last_flushes_; }
  u64 misses() const { return misses_; }
  u64 fills() const { return fills_; }
  u64 evictions() const { return evictions_; }
  u64 flushes() const { return flushes_; }
  u64 flushed_entries() const { return flushed_entries_; }
  u64 disagreements() const { return disagreements_; }

 private:
  void flush(const trace::TlbFlush& flush, u64 sequence);

  std::map<std::pair<u16, u16>, TlbEntryView> entries_;
  std::map<std::pair<u16, u16>, TlbDeparture> departures_;
  std::vector<TlbFlushView> last_flushes_;
  u64 misses_ = 0, fills_ = 0, evictions_ = 0, flushes_ = 0, flushed_entries_ = 0, disagreements_ = 0;
};

}  // namespace trapline::views
