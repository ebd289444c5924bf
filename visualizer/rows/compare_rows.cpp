#include "visualizer/rows/compare_rows.h"

#include <algorithm>

namespace trapline::window {

namespace {

struct Folded {
  std::vector<compare::Lane> lanes;
  std::vector<std::size_t> places;  // in the document
  bool interrupted = false;
};

Folded fold_lanes(LaneSet& lanes, std::optional<std::size_t> only, const Interrupt& interrupt) {
  Folded folded;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    Lane* const lane = !only || *only == i ? lanes.at(i) : nullptr;
    if (lane == nullptr) continue;
    const u64 end = std::max<u64>(lane->source().end(), 1);
    const auto* const whole = lane->after<compare::Lane>(end - 1, interrupt);
    if (whole == nullptr) {
      folded.interrupted = true;
      return folded;
    }
    folded.lanes.push_back(*whole);
    folded.lanes.back().name = lane->facts().name;
    folded.lanes.back().identity = compare::identity_of(whole->header_json);
    folded.places.push_back(i);
  }
  return folded;
}

CompareLane lane_row(LaneSet& lanes, std::size_t place, const compare::Lane& lane) {
  CompareLane row{.lane = place, .title = lanes.at(place)->facts().title, .modelled = lane.modelled()};
  row.generation = lane.identity.generation;
  for (const compare::Begin& begin : lane.begins) row.begins.push_back({begin.sequence, begin.action});
  return row;
}

}  // namespace

std::optional<u8> CompareRows::action_at(Moment moment) const {
  for (const CompareLane& lane : lanes) {
    if (lane.lane != moment.lane) continue;
    const auto after = std::upper_bound(lane.begins.begin(), lane.begins.end(), moment.sequence,
                                        [](u64 at, const CompareLane::Begin& begin) { return at < begin.sequence; });
    if (after != lane.begins.begin()) return std::prev(after)->action;
  }
  return std::nullopt;
}

CompareRows compare_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt) {
  CompareRows rows;
  Folded folded = fold_lanes(lanes, std::nullopt, interrupt);
  if (folded.interrupted) return rows;
  if (folded.lanes.size() > 1) {
    if (const auto same = compare::comparable(folded.lanes); !same) {
      rows.trouble = same.error().sentence;
      folded = fold_lanes(lanes, question.at.lane, interrupt);
      if (folded.interrupted) return rows;
    }
  }
  rows.complete = true;
  // A lane without a header counts nothing that could be told: its metal and technique are not known.
  if (folded.lanes.empty() || !folded.lanes[0].header) return rows;
  for (std::size_t i = 0; i < folded.lanes.size(); ++i)
    rows.lanes.push_back(lane_row(lanes, folded.places[i], folded.lanes[i]));
  rows.actions = compare_actions(folded.lanes, question.language);
  add_compare_facts(rows, folded.lanes, question.language);
  return rows;
}

}  // namespace trapline::window
