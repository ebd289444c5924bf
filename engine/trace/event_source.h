// Where recorded events come from, for everyone who reads them: a file (TraceReader) or memory (MemoryTrace).
//
//   for (Cursor cursor = source.events(); const RecordedEvent* event = cursor.next();) ...
//   for (Cursor cursor = source.events(source.kinds<VmExit, VmEntry>(), 100, 200); ...) ...
//
// Sequence numbers count every recorded event from 0. Where a part of a file is damaged its numbers are missing, and
// cursors step over them. A source is not safe for several threads at once; open one for each.
#pragma once

#include "trace/recorded_event.h"

namespace trapline::trace {

struct KindCount {
  u16 kind = 0;  // number in the source's schema
  u32 count = 0;
};

// What is known of a run of events before it is decoded.
struct SegmentInfo {
  u64 first = 0;
  u32 events = 0;
  std::vector<KindCount> kinds;  // by number, counts above 0
  std::vector<u32> keyframes;    // index within the segment of each keyframe event

  u32 count_of(u16 kind) const;
};

class EventSource;

class Cursor {
 public:
  Cursor(const EventSource& source, const KindSet& kinds, u64 first, u64 end);
  // The next event of the selection, good until the next call; null at the end.
  const RecordedEvent* next();

 private:
  bool open_segment();

  const EventSource* source_;
  KindSet kinds_;
  u64 next_;
  u64 end_;
  std::size_t segment_ = 0;
  std::shared_ptr<const Segment> loaded_;
  RecordedEvent event_;
};

class EventSource {
 public:
  virtual ~EventSource() = default;

  virtual const Schema& schema() const = 0;
  // In order of sequence numbers; a damaged file may have holes between them.
  virtual std::span<const SegmentInfo> segments() const = 0;
  // Null where the segment cannot be read; the source remembers why.
  virtual std::shared_ptr<const Segment> load(std::size_t segment) const = 0;

  // One past the last sequence number.
  u64 end() const;
  // Nothing for a number past the end or in a damaged part.
  std::optional<RecordedEvent> at(u64 sequence) const;
  Cursor events() const { return Cursor(*this, schema().all_kinds(), 0, ~0ULL); }
  Cursor events(const KindSet& kinds, u64 first = 0, u64 end = ~0ULL) const { return Cursor(*this, kinds, first, end); }

  // The kinds of this build's structs, as numbered in this source; a kind that the source has not got is left out.
  template <typename... Events>
  KindSet kinds() const {
    KindSet set;
    (add_kind(set, Events::event_kind), ...);
    return set;
  }
  KindSet kind_named(std::string_view name) const;

  // From the index alone.
  u64 count() const;
  u64 count_of(std::string_view kind) const;
  std::vector<u64> keyframes() const;  // sequence numbers of all keyframe parts
  // The n-th event of a kind, from 1: `vm_exit#3`.
  std::optional<u64> nth(std::string_view kind, u64 n) const;
  // The last event of these kinds whose number is below `sequence`.
  std::optional<u64> last_before(const KindSet& kinds, u64 sequence) const;

 private:
  friend class Cursor;
  void add_kind(KindSet& set, Kind kind) const;
  // The first segment that ends behind `sequence`.
  std::size_t segment_reaching(u64 sequence) const;
};

}  // namespace trapline::trace
