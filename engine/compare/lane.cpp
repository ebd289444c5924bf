// A guest may open actions and never close them, or close what it never opened: the first last to the end of the trace,
// the second are nothing.
#include "compare/lane.h"

#include "base/json.h"
#include "base/sha256.h"

namespace trapline::compare {

Identity identity_of(std::string_view header_json) {
  return {text_in_json(header_json, "guest"), text_in_json(header_json, "image_sha256"),
          text_in_json(header_json, "costs")};
}

// Every kind, since the last tick and retired count may stand on any.
trace::KindSet Lane::kinds(const trace::EventSource& source) { return source.schema().all_kinds(); }

void Lane::add(const trace::RecordedEvent& event) {
  const trace::Stamp stamp = event.stamp();
  if (stamp.retired != trace::unknown_number) retired = stamp.retired;
  // Time only goes on; a damaged or foreign trace must not make it run backwards.
  const u64 passed = stamp.tick > ticks ? stamp.tick - ticks : 0;
  ticks += passed;
  if (passed > 0) {
    for (const auto& [action, open] : open_) {
      ActionTotals& totals = actions[action];
      if (!open.empty()) totals.all.ticks += passed;
      if (open.contains(totals.first_ordinal) && !totals.first_ended) totals.first.ticks += passed;
    }
  }
  if (const auto run = event.as<trace::RunHeader>(); run && !header) {
    header = run;
    const auto blob = event.blob();
    header_json.assign(reinterpret_cast<const char*>(blob.data()), blob.size());
  }
  if (const auto run = event.as<trace::RunEnd>()) end = run;
  console_.add(event);
  if (const auto marker = event.as<trace::Marker>()) add_marker(event, *marker);
  for (const Addition& addition : additions_of(event)) {
    if (addition.measure == Measure::count_) continue;
    account.add(addition);
    for (const auto& [action, open] : open_) {
      ActionTotals& totals = actions[action];
      if (!open.empty()) totals.all.account.add(addition);
      if (open.contains(totals.first_ordinal) && !totals.first_ended) totals.first.account.add(addition);
    }
  }
}

void Lane::add_marker(const trace::RecordedEvent& event, const trace::Marker& marker) {
  std::set<u32>& open = open_[marker.action];
  if (marker.end) {
    const auto found = actions.find(marker.action);
    if (open.erase(marker.ordinal) == 0 || found == actions.end()) return;
    ActionTotals& totals = found->second;
    if (marker.ordinal == totals.first_ordinal && !totals.first_ended) {
      totals.first_end = event.sequence();
      totals.first_ended = true;
    }
    return;
  }
  begins.push_back({marker.action, marker.ordinal, event.sequence(), event.stamp().retired});
  ActionTotals& totals = actions[marker.action];
  if (totals.occurrences++ == 0) {
    totals.first_ordinal = marker.ordinal;
    totals.first_begin = event.sequence();
  }
  open.insert(marker.ordinal);
}

std::optional<std::string> Lane::digest() const {
  const std::string facts = console_.facts();
  if (facts.empty()) return std::nullopt;
  return sha256_hex(std::as_bytes(std::span(facts)));
}

}  // namespace trapline::compare
