// A walk's events share a correlator; other events may lie between them.
#include "views/walk.h"

#include <algorithm>

#include "base/address.h"

namespace trapline::views {

namespace {

// How many events of other walks may lie between those of one; only a damaged or made-up trace has more.
constexpr unsigned most_others = 4096;

// Where the walk of the event at `sequence` begins.
std::optional<u64> beginning(const trace::EventSource& source, u64 sequence) {
  const trace::KindSet begins = source.kinds<trace::WalkBegin>();
  const auto event = source.at(sequence);
  const bool part_of_walk =
      event && (event->is<trace::WalkBegin>() || event->is<trace::WalkReference>() || event->is<trace::WalkEnd>());
  auto candidate = source.last_before(begins, sequence + 1);
  for (unsigned others = 0; part_of_walk && candidate && others < most_others; ++others) {
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
  const auto first = beginning(source, std::min(sequence, unknown_address - 1));
  if (!first) return std::nullopt;
  WalkView view;
  view.first = view.last = *first;
  unsigned others = 0;
  auto cursor = source.events(source.kinds<trace::WalkBegin, trace::WalkReference, trace::WalkEnd>(), *first);
  while (const trace::RecordedEvent* event = cursor.next()) {
    if (const auto begin = event->as<trace::WalkBegin>(); begin && event->sequence() == *first) {
      view.begin = *begin;
      view.cause = event->cause();
      view.provenance = event->stamp().provenance;
    } else if (event->cause() == view.cause) {
      view.last = event->sequence();
      if (const auto reference = event->as<trace::WalkReference>()) {
        if (view.references.size() == most_references) break;
        view.references.push_back(*reference);
        view.sequences.push_back(event->sequence());
      }
      if ((view.end = event->as<trace::WalkEnd>())) break;
    } else if (++others == most_others) {
      break;
    }
  }
  return view;
}

}  // namespace trapline::views
