// What an index keeps of a decoded block: kind, tick, retired count and provenance of every event, in two or three
// bytes.
//
// Ticks and retired counts are made to go on only: a hostile or foreign trace that runs backwards stands still here.
// Counts from `most_time` on are held there, and an unknown retired count is that of the event before.
#pragma once

#include "trace/lane_class.h"
#include "trace/recorded_event.h"

namespace trapline::trace {

inline constexpr u64 most_time = (1ULL << 60) - 1;  // 36 years of nanoseconds

// Where an event stands on the axes of time.
struct Moment {
  u64 sequence = 0;
  u64 tick = 0;
  u64 retired = 0;
  friend bool operator==(const Moment&, const Moment&) = default;
};

enum class TimeAxis : u8 { ticks, retired };
constexpr u64 time_of(const Moment& moment, TimeAxis axis) {
  return axis == TimeAxis::ticks ? moment.tick : moment.retired;
}

class IndexedBlock {
 public:
  static constexpr u32 bin_events = 128;

  // Goes on from the block before: `start` is its last moment, `before` what was counted up to here. A block that could
  // not be read has no events.
  IndexedBlock(u64 first, const Moment& start, const ClassCounts& before)
      : first_(first), last_(start), before_(before) {}
  void fill(const Segment& segment, const std::vector<LaneClass>& classes);

  u64 first() const { return first_; }
  u32 events() const { return static_cast<u32>(kinds_.size()); }
  const Moment& last() const { return last_; }
  bool counts_retired() const { return counts_retired_; }
  const ClassCounts& before() const { return before_; }

  // By index within the block.
  u16 kind(u32 index) const;
  Moment moment(u32 index) const;
  Provenance provenance(u32 index) const;
  // Everything counted up to an index, earlier blocks included.
  ClassCounts counted(u32 index, const std::vector<LaneClass>& classes) const;
  // The first event at or behind a time; events() where none is.
  u32 reaching(TimeAxis axis, u64 time) const;
  // The first event of these kinds from an index on, or the last before it; events() where none is.
  u32 next(const KindSet& kinds, u32 from) const;
  u32 previous(const KindSet& kinds, u32 before) const;

  std::size_t bytes() const;

 private:
  struct Bin {
    u64 tick = 0;                             // of the event before the bin
    u64 retired = 0;                          // the same
    u32 step = 0;                             // where the bin's steps begin
    std::array<u32, lane_classes> counted{};  // in this block before the bin
  };

  void note_provenance(u32 index, Provenance provenance);

  u64 first_;
  Moment last_;
  ClassCounts before_;
  bool counts_retired_ = false;
  std::vector<u8> kinds_;                               // low byte of each event's kind
  std::vector<u8> kinds_high_;                          // only where the schema has more than 256 kinds
  Provenance usual_provenance_ = Provenance::observed;  // of every event, where the next is empty
  std::vector<u8> provenances_;
  std::vector<u8> steps_;  // per event a varint: twice the ticks passed, plus 1 where a varint of retired follows
  std::vector<Bin> bins_;
};

}  // namespace trapline::trace
