#include "lab/predict.h"

#include <deque>

#include "lab/words.h"
#include "trace/filter.h"
#include "trace/text.h"

namespace trapline::lab {

namespace {

constexpr std::size_t shown_before = 5, most_revealed = 60;

Result<const LabLane*> lane_of(const LabLanes& lanes, const TaskRow& row, const std::string& place, std::string& name) {
  auto lane = row.lane.empty() ? lanes.begin() : lanes.find(row.lane);
  if (lane == lanes.end()) return usage_error(place + "the lab has no lane '" + row.lane + "'");
  if (lane->second.error) return *lane->second.error;
  name = lane->first;
  return &lane->second;
}

std::string line_of(const trace::RecordedEvent& event) {
  std::string line;
  trace::append_text(line, event);
  return line;
}

// Adds the event that the task wants to be seen, with those after the pause that belong to it: a walk_end's whole walk.
Result<> reveal(Pause& pause, const trace::EventSource& source, const TaskRow& row, const std::string& place) {
  if (row.reveal.empty()) return {};
  const auto filter = trace::Filter::parse(row.reveal, source.schema());
  if (!filter) return usage_error(place + filter.error().sentence);
  trace::Cursor cursor = source.events(filter->kinds(), pause.sequence);
  const trace::RecordedEvent* found = cursor.next();
  while (found && !filter->matches(*found)) found = cursor.next();
  if (!found) return usage_error(place + "`reveal` finds nothing after the pause: " + row.reveal);
  const trace::RecordedEvent revealed = *found;
  trace::Cursor between = source.events(source.schema().all_kinds(), pause.sequence + 1, revealed.sequence());
  while (const trace::RecordedEvent* event = between.next())
    if (revealed.cause() != 0 && event->cause() == revealed.cause() && pause.events.size() < most_revealed)
      pause.events.push_back(line_of(*event));
  if (revealed.sequence() > pause.sequence) pause.events.push_back(line_of(revealed));
  return {};
}

}  // namespace

Result<Pause> pause_of(const Definition& definition, const LabLanes& lanes, const TaskRow& row) {
  const std::string place = "lab " + definition.place.name + ", task " + row.id + ": ";
  if (row.at.empty()) return usage_error(place + "`at` must say at which event the run pauses");
  Pause pause;
  const auto lane = lane_of(lanes, row, place, pause.lane);
  if (!lane) return lane.error();
  const trace::EventSource& source = *source_of((*lane)->trace);
  const auto filter = trace::Filter::parse(row.at, source.schema());
  if (!filter) return usage_error(place + filter.error().sentence);
  std::deque<std::string> before;
  trace::Cursor cursor = source.events();
  while (const trace::RecordedEvent* event = cursor.next()) {
    if (filter->matches(*event)) {
      pause.sequence = event->sequence();
      pause.events = {line_of(*event)};
      pause.show = show_command(out_folder(definition.place.name, definition.seed) + "/" + pause.lane + ".trap",
                                pause.sequence, event->kind_name());
      pause.before.assign(before.begin(), before.end());
      if (auto revealed = reveal(pause, source, row, place); !revealed) return revealed.error();
      return pause;
    }
    if (event->is<trace::Keyframe>()) continue;  // tells a reader nothing
    before.push_back(line_of(*event));
    if (before.size() > shown_before) before.pop_front();
  }
  return usage_error(place + "no event of lane " + pause.lane + " matches " + row.at);
}

}  // namespace trapline::lab
