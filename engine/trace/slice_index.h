// What lasts: exits and traps until the guest goes on, hypercalls and handlers until they return, walks, and the
// guest's actions, as tracks of slices with a label that says why.
//
//   exits    vm_exit to the next vm_entry. A trap, or a user_exit outside both, to the last event of its cause before
//            the guest's own go on: no event tells the moment itself.
//   calls    hypercall to hypercall_return, handler_call to handler_return; what is called inside belongs to it.
//   walks    walk_begin to the walk_end of the same correlator; walks inside (their parent is this one) belong to it.
//   actions  begin marker to the end marker of the same action and ordinal, on the lowest level that is free.
//
// Built from the decoded blocks in order. A slice is there once it is over; `finish` ends what never ended.
#pragma once

#include <string>

#include "trace/lane_class.h"
#include "trace/recorded_event.h"
#include "trace/slice_track.h"

namespace trapline::trace {

enum class Track : u8 { exits, calls, walks, actions_0, actions_1, actions_2, actions_3, count_ };
inline constexpr std::size_t tracks = static_cast<std::size_t>(Track::count_);
inline constexpr std::size_t action_levels = 4;
constexpr bool holds_actions(Track track) { return track >= Track::actions_0; }

struct SliceLabel {
  std::string text;
  LaneClass lane_class = LaneClass::other;
};

// A marker that begins an action: what lanes are aligned on.
struct ActionBegin {
  u8 action = 0;
  u32 ordinal = 0;
  u64 sequence = 0;
};

class SliceIndex {
 public:
  static constexpr std::size_t most_labels = 512;  // a hostile trace has as many reasons as numbers
  static constexpr std::size_t most_begins = 64 * 1024;

  explicit SliceIndex(const Schema& schema);
  void add(const Segment& segment);
  // A part of the trace is missing here: what is open ends at the last event seen.
  void cut();
  void finish() { cut(); }

  const SliceTrack& track(Track track) const { return tracks_[static_cast<std::size_t>(track)]; }
  const SliceLabel& label(const Slice& slice) const { return labels_[slice.label]; }
  std::span<const SliceLabel> labels() const { return labels_; }
  std::span<const ActionBegin> begins() const { return begins_; }
  // The first event that a full track or more than four actions within each other kept from being shown; unknown_number
  // where all are there.
  u64 incomplete_from() const { return incomplete_from_; }
  std::size_t bytes() const;

 private:
  enum class Role : u8 {
    none,
    exit,
    entry,
    trap,
    user_exit,
    hypercall,
    hypercall_return,
    handler_call,
    handler_return,
    walk_begin,
    walk_end,
    marker,
  };
  struct Open {
    Role opener = Role::none;  // none: nothing is open
    Slice slice;
    u64 cause = 0;
    u64 begin_tick = 0;
    u64 last = 0, last_tick = 0;
    u32 depth = 0;
    u8 action = 0;
  };
  struct Now {  // the event at hand
    u64 sequence = 0;
    u64 tick = 0;
    u64 cause = 0;
  };

  void take(Role role, const RecordedEvent& event, const Now& now);
  void take_exit(Role role, const RecordedEvent& event, const Now& now);
  void take_call(Role role, const RecordedEvent& event, const Now& now);
  void take_walk(Role role, const RecordedEvent& event, const Now& now);
  void take_marker(const RecordedEvent& event, const Now& now);
  void note_cause(const Now& now);
  void open(Track track, Role opener, const Now& now, u16 label);
  void close(Track track, SliceEnd end);
  void close_at(Track track, const Now& now);
  void close_before(Track track, const Now& now, SliceEnd end);
  Open& at(Track track) { return open_[static_cast<std::size_t>(track)]; }
  u16 label_of(std::string text, LaneClass lane_class);

  std::vector<Role> roles_;  // by kind
  std::vector<SliceLabel> labels_;
  std::array<SliceTrack, tracks> tracks_;
  std::array<Open, tracks> open_;
  std::vector<ActionBegin> begins_;
  u64 incomplete_from_ = unknown_number;
  Now last_;
  u64 expected_ = 0;  // the next sequence number, were there no hole
};

}  // namespace trapline::trace
