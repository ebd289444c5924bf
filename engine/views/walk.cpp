// A walk's events share a correlator; other events may lie between them.
#include "views/walk.h"

#include <algorithm>

namespace trapline::views {

namespace {

// Where the walk of the event at `sequence` begins.
std::optional<u64> beginning(const trace::EventSource& source, u64 sequence) {
  const trace::KindSet begins = source.kinds<trace::WalkBegin>();
  const auto event = source.at(sequence);
  const bool part_of_walk =
      event && (event->is<trace::WalkBegin>() || event->is<trace::WalkReference>() || event->is<trace::WalkEnd>());
  auto candidate = source.last_before(begins, sequence + 1);
  while (part_of_walk && candidate) {
    const auto begin = source.at(*candidate);
    if (begin && begin->cause() == event->cause()) break;
    candidate = source.last_before(begins, *candidate);
  }
  return candidate;
}

}  // namespace

unsigned WalkView::from(trace::Source source) const {
  return static_cast<unsigned>(std::count_if(references.begin(), references.end(), [&](const auto& reference) {
    return reference.source == static_cast<u8>(source);
  }));
}

std::optional<WalkView> walk_at(const trace::EventSource& source, u64 sequence) {
  const auto first = beginning(source, sequence);
  if (!first) return std::nullopt;
  WalkView view;
  view.first = *first;
  auto cursor = source.events(source.kinds<trace::WalkBegin, trace::WalkReference, trace::WalkEnd>(), *first);
  while (const trace::RecordedEvent* event = cursor.next()) {
    if (const auto begin = event->as<trace::WalkBegin>(); begin && event->sequence() == *first) {
      view.begin = *begin;
      view.cause = event->cause();
      view.provenance = event->stamp().provenance;
    } else if (event->cause() == view.cause) {
      if (const auto reference = event->as<trace::WalkReference>()) view.references.push_back(*reference);
      if ((view.end = event->as<trace::WalkEnd>())) break;
    }
  }
  return view;
}

}  // namespace trapline::views
