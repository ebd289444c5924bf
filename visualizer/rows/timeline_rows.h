// The timeline as rows, without a window: what stands where, for any stretch of an axis, at a cost that does not depend
// on how long the trace is. Nothing is decoded here: everything comes from the lanes' indexes.
//
// From far, the events of a few pixels are one stacked bar by class. Near, each event has a slot of its own. At every
// zoom, what lasts (exits, calls, walks, actions) are slices; of those that begin within the same few pixels, all but
// the last are told as one: "12 exits".
#pragma once

#include <optional>
#include <string>

#include "trace/hits.h"
#include "visualizer/rows/axis.h"
#include "visualizer/rows/links.h"

namespace trapline::window {

// Columns are pixels, [left, right). A row that is narrower than a pixel is one pixel wide.
struct BarRow {
  int left = 0, right = 0;
  u8 bottom = 0, top = 0;  // of bar_height
  trace::LaneClass lane_class = trace::LaneClass::other;
  bool coarse = false;     // from blocks that are not read yet: spread evenly over each
  u64 first = 0, end = 0;  // the events that the bar counts
};
inline constexpr unsigned bar_height = 64;

struct SliceRow {
  int left = 0, right = 0;
  trace::Track track = trace::Track::exits;
  u64 first = 0, last = 0;  // sequence numbers
  u32 count = 1;            // slices told as one
  u32 ordinal = 0;          // of an action
  u64 ticks = 0;            // that they take together
  trace::LaneClass lane_class = trace::LaneClass::other;
  trace::SliceEnd end = trace::SliceEnd::closed;
  trace::Provenance provenance = trace::Provenance::observed;  // of the first event
  std::string text;  // the reason; of several, "12 exits", with the reason where all have the same
};

struct EventRow {
  int left = 0, right = 0;
  u64 first = 0;
  u32 count = 1;  // events that share the place
  trace::LaneClass lane_class = trace::LaneClass::other;
  trace::Provenance provenance = trace::Provenance::observed;  // of the first
  std::string kind;                                            // of the first
};

struct HitRow {
  int left = 0, right = 0;
  u64 first = 0;
  u64 count = 0;
};

struct LinkRow {
  int from = 0, to = 0;  // columns, may lie outside the picture
  CauseLink link;
};

enum class LaneTrouble : u8 {
  none,
  not_counted,  // this metal cannot count retired instructions
  not_read,     // no block has been read yet, and this axis needs one
};

struct LaneRows {
  LaneTrouble trouble = LaneTrouble::none;
  u64 first = 0, end = 0;  // the events in the picture
  int known_to = 0;        // the column up to which blocks have been read
  int lost_from = -1;      // the column from which slices are missing since a track is full; -1: none are
  std::vector<BarRow> bars;
  std::vector<EventRow> events;  // instead of bars, where there is room for each
  std::vector<SliceRow> slices;  // by track, then from left to right
  std::vector<HitRow> hits;
  std::optional<int> cursor;
  std::vector<LinkRow> links;
};

struct TimelineRows {
  u64 from = 0, to = 0;  // positions
  unsigned columns = 0;
  std::vector<LaneRows> lanes;

  std::size_t primitives() const;
};

// Bounds on what a picture holds.
struct TimelineLimits {
  unsigned bar_parts = 1200;  // all lanes together
  unsigned slices = 300;      // each lane
  unsigned events = 300;      // each lane
  unsigned hits = 160;        // each lane
};

struct TimelinePoint {
  std::size_t lane = 0;
  u64 sequence = 0;
};

struct TimelineRequest {
  u64 from = 0, to = 1;  // positions; what lies behind the end is empty
  unsigned columns = 1280;
  std::vector<const trace::Hits*> hits;  // for each lane, null without; may be shorter
  std::optional<TimelinePoint> cursor;
  std::vector<CauseLink> links;  // of the event under the cursor
  TimelineLimits limits;
};

TimelineRows timeline_rows(const Axis& axis, const TimelineRequest& request);

// The whole run, each lane's most frequent class: at most `most` rows. It changes with the axis and not with the
// picture, so it need not be computed for every frame.
struct MinimapRow {
  std::size_t lane = 0;
  int left = 0, right = 0;
  trace::LaneClass lane_class = trace::LaneClass::other;
  bool coarse = false;
};
std::vector<MinimapRow> minimap_rows(const Axis& axis, unsigned columns, unsigned most = 320);
// Where the picture lies in a minimap that is as wide.
struct MinimapWindow {
  int left = 0, right = 0;
};
MinimapWindow minimap_window(const Axis& axis, const TimelineRows& rows);

// The column of a position, and the first position of a column.
int column_of(const TimelineRows& rows, u64 position);
u64 position_of(const TimelineRows& rows, int column);

// What lies at a column of a lane, for a click or a tooltip: in the band of slices of a track, or, without one, among
// bars and events.
struct TimelineTarget {
  u64 first = 0, last = 0;
  u64 count = 1;  // events, or slices
};
std::optional<TimelineTarget> target_at(const TimelineRows& rows, std::size_t lane, std::optional<trace::Track> track,
                                        int column);

}  // namespace trapline::window
