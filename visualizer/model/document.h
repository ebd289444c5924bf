// What is open: lanes, where the cursor stands in each, what is selected, and the way back.
//
// It holds facts and positions, no events: events are the worker's, and views ask the desk for them.
#pragma once

#include <string>
#include <vector>

#include "views/subject.h"
#include "visualizer/model/lane.h"
#include "visualizer/model/moment.h"

namespace trapline::window {

// A lab that is open beside its lanes.
struct OpenedLab {
  std::string number;  // "07"
  std::string name;    // "07-three-ways"
  u64 seed = 1;
  std::vector<std::string> lanes;  // names in the lab, in the order of the document's lanes
};

struct Document {
  std::vector<LaneFacts> lanes;
  std::vector<u64> positions;  // of the cursor, one for each lane
  std::size_t focus = 0;       // the lane that the cursor is in
  views::Subject subject;
  std::string filter;  // of the event table, its steps and the timeline's hits
  std::optional<OpenedLab> lab;
  // For each lane the first event that a lesson does not show before it is predicted; none where that is empty.
  std::vector<u64> horizons;

  bool empty() const { return lanes.empty(); }
  Moment here() const { return {focus, positions.empty() ? 0 : positions[focus]}; }
  u64 horizon(std::size_t lane_number) const {
    return lane_number < horizons.size() ? horizons[lane_number] : no_horizon;
  }
  const LaneFacts& lane() const { return lanes[focus]; }
};

}  // namespace trapline::window
