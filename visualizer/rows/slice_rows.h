// The slices of one lane in a picture: searched cell by cell, so that neither cost nor number depends on the trace.
#pragma once

#include "visualizer/rows/timeline_rows.h"

namespace trapline::window {

// `bounds`: the first events of cells of equal width and one past the last; `column` places a position.
struct Cells {
  const Axis* axis = nullptr;
  std::size_t lane = 0;
  std::vector<u64> bounds;

  std::size_t count() const { return bounds.size() - 1; }
};

// At most `most` rows (`most` at least 2 for each track).
std::vector<SliceRow> slice_rows(const Cells& cells, const TimelineRows& picture, unsigned most);

}  // namespace trapline::window
