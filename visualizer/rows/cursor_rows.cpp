#include "visualizer/rows/cursor_rows.h"

#include <algorithm>

#include "visualizer/rows/events_rows.h"
#include "visualizer/rows/steps.h"

namespace trapline::window {

namespace {

// The action on the deepest level; what the index has not reached yet is not told.
std::string innermost_action(const trace::SliceIndex& slices, u64 at) {
  for (std::size_t level = trace::action_levels; level-- > 0;) {
    const auto track = static_cast<trace::Track>(static_cast<std::size_t>(trace::Track::actions_0) + level);
    if (const auto around = slices.track(track).around(at)) {
      const trace::Slice& slice = slices.track(track).slices()[*around];
      return slices.label(slice).text + " " + std::to_string(slice.ordinal);
    }
  }
  return "";
}

StepOf step_of(Lane& lane, const trace::KindSet& kinds, u64 at) {
  const trace::Postings postings = lane.index().postings();
  return {postings.count_before(kinds, at + 1), postings.count(kinds)};
}

}  // namespace

CursorRows cursor_rows(LaneSet& lanes, const Question& question, const Interrupt&) {
  CursorRows rows;
  Lane* const lane = lanes.at(question.at.lane);
  if (lane == nullptr) return rows;
  const u64 at = question.at.sequence;
  if (const auto event = lane->source().at(at)) {
    const trace::Stamp stamp = event->stamp();
    rows.known = true;
    rows.kind = event->kind_name();
    rows.fields = fields_text(*event);
    rows.tick = stamp.tick;
    rows.retired = stamp.retired;
    rows.provenance = stamp.provenance;
  }
  rows.stop = step_of(*lane, stop_kinds(lane->source()), at);
  rows.marker = step_of(*lane, lane->source().kinds<trace::Marker>(), at);
  rows.action = innermost_action(lane->index().slices(), at);
  return rows;
}

const trace::ActionBegin* ActionsRows::at(std::size_t lane, u64 sequence) const {
  if (lane >= lanes.size()) return nullptr;
  const auto& begins = lanes[lane];
  const auto after =
      std::upper_bound(begins.begin(), begins.end(), sequence,
                       [](u64 number, const trace::ActionBegin& begin) { return number < begin.sequence; });
  return after == begins.begin() ? nullptr : &*std::prev(after);
}

const trace::ActionBegin* ActionsRows::same(std::size_t lane, const trace::ActionBegin& action) const {
  if (lane >= lanes.size()) return nullptr;
  const auto& begins = lanes[lane];
  const auto found = std::find_if(begins.begin(), begins.end(), [&](const trace::ActionBegin& begin) {
    return begin.action == action.action && begin.ordinal == action.ordinal;
  });
  return found == begins.end() ? nullptr : &*found;
}

ActionsRows actions_rows(LaneSet& lanes, const Question&, const Interrupt&) {
  ActionsRows rows;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    auto& begins = rows.lanes.emplace_back();
    Lane* const lane = lanes.at(i);
    if (lane == nullptr) continue;
    const auto known = lane->index().slices().begins();
    begins.assign(known.begin(), known.end());
  }
  return rows;
}

}  // namespace trapline::window
