// A source at every zoom: how many events of each class any stretch holds, and where any event stands in ticks and
// retired counts, without decoding anything again.
//
// From the file's index alone there is at once a coarse level, one histogram per block: the first picture. Blocks that
// have been added are exact to the event, since what `IndexedBlock` keeps of each event is small: about 2 bytes an
// event of a level-`instructions` trace, so 10 million take some 25 MB. Running totals make every stretch a
// difference, so no level of zoom is kept apart.
//
// Blocks are added in order. An overview belongs to the thread that adds.
#pragma once

#include "trace/event_source.h"
#include "trace/indexed_block.h"

namespace trapline::trace {

struct Histogram {
  ClassCounts counts{};
  bool coarse = false;  // reaches into blocks that are only known as a whole: there the counts are spread evenly

  u64 sum() const;
  LaneClass largest() const;  // `other` where there is nothing
};

class Overview {
 public:
  explicit Overview(const EventSource& source);

  // The next block; null for one that cannot be read.
  void add(const Segment* segment);
  std::size_t blocks_added() const { return blocks_.size(); }
  bool whole() const { return blocks_.size() == infos_.size(); }
  // Numbers below this are exact.
  u64 built() const;
  // One past the last sequence number, as the index promises.
  u64 end() const { return end_; }
  // Blocks that could not be read.
  std::size_t lost() const { return lost_; }

  // Of the events numbered from..to-1.
  Histogram histogram(u64 from, u64 to) const;
  ClassCounts counted_before(u64 sequence) const;

  // Of added blocks alone:
  // The last event numbered `sequence` or below; nothing where there is none.
  std::optional<Moment> moment(u64 sequence) const;
  // Its kind's number and its provenance; nothing in a hole.
  struct What {
    u16 kind = 0;
    Provenance provenance = Provenance::observed;
  };
  std::optional<What> what(u64 sequence) const;
  // The number of the first event at or behind a time; built() where none is.
  u64 reaching(TimeAxis axis, u64 time) const;
  // The last event.
  Moment last() const;
  // Whether any event told how many instructions were retired: not so on kvm.
  bool counts_retired() const { return counts_retired_; }

  const std::vector<LaneClass>& classes() const { return classes_; }
  std::span<const IndexedBlock> blocks() const { return blocks_; }
  // The first added block that ends behind `sequence`; blocks_added() where none does.
  std::size_t block_reaching(u64 sequence) const;
  std::size_t bytes() const;

 private:
  ClassCounts coarse_before(u64 sequence) const;

  std::span<const SegmentInfo> infos_;
  std::vector<LaneClass> classes_;
  std::vector<ClassCounts> info_totals_;  // by the file's index: counted before each block, and at the end
  std::vector<IndexedBlock> blocks_;
  Moment last_;
  ClassCounts counted_{};
  u64 end_ = 0;
  std::size_t lost_ = 0;
  bool counts_retired_ = false;
};

}  // namespace trapline::trace
