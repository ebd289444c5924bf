#include "visualizer/rows/cursor_rows.h"

#include <algorithm>

#include "visualizer/rows/events_rows.h"
#include "visualizer/rows/steps.h"

namespace trapline::window {

namespace {

constexpr std::size_t most_actions = 100'000;

// Actions that have begun and not ended.
struct OpenActions {
  std::vector<std::pair<u8, u32>> open;

  static trace::KindSet kinds(const trace::EventSource& source) { return source.kinds<trace::Marker>(); }
  void add(const trace::RecordedEvent& event) {
    const auto marker = event.as<trace::Marker>();
    if (!marker) return;
    const std::pair<u8, u32> action{marker->action, marker->ordinal};
    if (!marker->end) {
      if (open.size() < 64) open.push_back(action);
      return;
    }
    const auto found = std::find(open.rbegin(), open.rend(), action);
    if (found != open.rend()) open.erase(std::next(found).base());
  }
};

std::string name_of(const std::pair<u8, u32>& action) {
  const std::string_view word = trace::name_of(static_cast<trace::Action>(action.first));
  return (word.empty() ? std::to_string(action.first) : std::string(word)) + " " + std::to_string(action.second);
}

StepOf step_of(Lane& lane, const trace::KindSet& kinds, u64 at) {
  const trace::Postings postings = lane.index().postings();
  return {postings.count_before(kinds, at + 1), postings.count(kinds)};
}

}  // namespace

CursorRows cursor_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt) {
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
  const auto* const actions = lane->after<OpenActions>(at, interrupt);
  if (actions != nullptr && !actions->open.empty()) rows.action = name_of(actions->open.back());
  return rows;
}

const ActionBegin* ActionsRows::at(std::size_t lane, u64 sequence) const {
  if (lane >= lanes.size()) return nullptr;
  const auto& begins = lanes[lane];
  const auto after = std::upper_bound(begins.begin(), begins.end(), sequence,
                                      [](u64 number, const ActionBegin& begin) { return number < begin.sequence; });
  return after == begins.begin() ? nullptr : &*std::prev(after);
}

const ActionBegin* ActionsRows::same(std::size_t lane, const ActionBegin& action) const {
  if (lane >= lanes.size()) return nullptr;
  const auto& begins = lanes[lane];
  const auto found = std::find_if(begins.begin(), begins.end(), [&](const ActionBegin& begin) {
    return begin.action == action.action && begin.ordinal == action.ordinal;
  });
  return found == begins.end() ? nullptr : &*found;
}

ActionsRows actions_rows(LaneSet& lanes, const Question&, const Interrupt& interrupt) {
  ActionsRows rows;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    auto& begins = rows.lanes.emplace_back();
    Lane* const lane = lanes.at(i);
    if (lane == nullptr) continue;
    trace::Cursor cursor = lane->source().events(lane->source().kinds<trace::Marker>());
    while (const trace::RecordedEvent* event = cursor.next()) {
      if (interrupt || begins.size() == most_actions) break;
      const auto marker = event->as<trace::Marker>();
      if (marker && !marker->end) begins.push_back({event->sequence(), marker->action, marker->ordinal});
    }
  }
  return rows;
}

}  // namespace trapline::window
