// What the worker keeps of a timeline between two questions, and the answer to one: rows, cursors of all lanes, what is
// known of each lane, and the whole run in small.
#pragma once

#include <memory>
#include <string>

#include "trace/memory_trace.h"
#include "visualizer/model/desk.h"
#include "visualizer/rows/timeline_range.h"
#include "visualizer/rows/timeline_rows.h"

namespace trapline::window {

// What a timeline is asked to show.
struct TimelineAsk {
  enum class Show : u8 {
    all,        // the whole run, as far as it is known
    positions,  // from..to of the axis
    events,     // from..to, both included, of the lane `of`, with a little on both sides
    stop,       // the exit or trap around the cursor of its lane, or the last one before it; its events likewise
    follow,     // positions from..to, moved where the cursor is not in sight
  };

  AxisKind axis = AxisKind::actions;
  Show show = Show::all;
  u64 from = 0, to = 0;
  std::size_t of = 0;
  unsigned columns = 1280, map_columns = 1280;
  Moment at;                   // the cursor
  std::vector<u64> positions;  // of the cursor in every lane
  std::vector<u64> horizons;   // of every lane: its events from there on are not to be shown yet; all where empty
  std::string filter;
  TimelineLimits limits;
  // A position whose event is wanted, in a lane.
  struct Probe {
    std::size_t lane = 0;
    u64 position = 0;
    friend bool operator==(const Probe&, const Probe&) = default;
  };
  std::optional<Probe> probe;

  // The same for what is asked alike.
  std::string text() const;
};

// A stretch of columns that no event can be shown for.
struct GapRow {
  int left = 0, right = 0;
  friend bool operator==(const GapRow&, const GapRow&) = default;
};

struct TimelineLane {
  u64 events = 0, built = 0;
  bool whole = false;
  u8 tracks = 0;  // a bit for each track that has slices anywhere in the run
  std::optional<int> cursor;
  std::optional<int> horizon;  // nothing is to be shown from this column on
  std::vector<GapRow> gaps;    // damaged or missing parts of the trace
  bool filtered = false;       // hits are looked for
  bool hits_whole = false;
  u64 hits = 0;

  bool has(trace::Track track) const { return (tracks >> static_cast<unsigned>(track) & 1) != 0; }
};

struct TimelinePicture {
  TimelineAsk ask;
  TimelineRange range;  // shown, whatever was asked for
  u64 end = 0;          // of the axis
  std::size_t anchors = 0;
  TimelineRows rows;
  std::vector<TimelineLane> lanes;
  std::shared_ptr<const std::vector<MinimapRow>> map;
  MinimapWindow window;          // in `map_columns`
  std::vector<int> map_cursors;  // the same, one for each lane
  std::optional<u64> probed;     // the event at the probe

  bool whole() const;
};

// Lives on the worker's thread.
class TimelineMaker {
 public:
  TimelinePicture make(LaneSet& lanes, const TimelineAsk& ask, const Interrupt& interrupt);

 private:
  void take_lanes(LaneSet& lanes);
  void take_axis(const TimelineAsk& ask);
  TimelineRange range_of(const TimelineAsk& ask) const;
  TimelineRange stop_range(const TimelineAsk& ask) const;
  const std::vector<CauseLink>& links_of(const Moment& at);
  TimelineLane lane_of(LaneSet& lanes, std::size_t lane, const TimelineAsk& ask, const TimelineRows& rows) const;
  std::vector<GapRow> gaps_of(std::size_t lane, const TimelineRows& rows) const;

  trace::MemoryTrace nothing_;  // stands for a lane that cannot be read
  trace::RunIndex no_index_{nothing_};
  std::vector<const trace::RunIndex*> indexes_;
  std::optional<Axis> axis_;
  std::size_t blocks_ = 0;  // that the axis was made from
  std::shared_ptr<const std::vector<MinimapRow>> map_;
  unsigned map_columns_ = 0;
  std::optional<Moment> linked_;
  std::vector<CauseLink> links_;
};

}  // namespace trapline::window
