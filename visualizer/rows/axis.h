// What the horizontal axis of the timeline means. Positions are whole numbers; an axis places every event of every lane
// and finds the event at a position again, through what the lanes' indexes have built.
//
//   events    the sequence number
//   ticks     modelled cycles, nanoseconds on kvm
//   retired   guest instructions completed; a lane whose metal cannot count has no place on it
//   actions   ticks, stretched so that lanes are aligned on what their guests do. Anchors are the begin markers that
//             every lane has, by (action, ordinal), in an order that all lanes share. Between two anchors every lane's
//             stretch is as wide as the widest lane's, in ticks: an event `t` ticks into a stretch of `l` ticks stands
//             at floor(t * w / l). In front of the first anchor lanes begin together; behind the last one ticks are
//             not stretched.
//
// Within a lane, positions never fall from one event to the next. An axis is a value: make it anew when an index has
// grown.
#pragma once

#include <vector>

#include "trace/run_index.h"

namespace trapline::window {

enum class AxisKind : u8 { events, ticks, retired, actions };

class Axis {
 public:
  // The indexes must outlive it.
  Axis(AxisKind kind, std::vector<const trace::RunIndex*> lanes);

  AxisKind kind() const { return kind_; }
  std::size_t lanes() const { return lanes_.size(); }
  const trace::RunIndex& lane(std::size_t lane) const { return *lanes_[lane].index; }
  bool places(std::size_t lane) const { return lanes_[lane].placed; }
  // One past a lane's last position that is known yet, and the farthest of these.
  u64 lane_end(std::size_t lane) const { return lanes_[lane].end; }
  u64 end() const { return end_; }
  // How many begin markers all lanes are aligned on.
  std::size_t anchors() const { return lanes_.empty() || lanes_[0].anchors.empty() ? 0 : lanes_[0].anchors.size() - 1; }

  u64 position(std::size_t lane, const trace::Moment& moment) const;
  // Of an event; that of the one before where it is in a hole.
  u64 position(std::size_t lane, u64 sequence) const;
  // The first event at or behind a position; one past the last that is built where there is none.
  u64 reaching(std::size_t lane, u64 position) const;

 private:
  struct Anchor {
    u64 sequence = 0;
    u64 tick = 0;
    u64 position = 0;
  };
  struct Lane {
    const trace::RunIndex* index = nullptr;
    bool placed = true;
    u64 end = 0;
    std::vector<Anchor> anchors;  // of AxisKind::actions; the first is the lane's beginning
  };

  void align();
  static u64 stretched(const Lane& lane, const trace::Moment& moment);
  static u64 reaching_stretched(const Lane& lane, u64 position);

  AxisKind kind_;
  std::vector<Lane> lanes_;
  u64 end_ = 0;
};

}  // namespace trapline::window
