#include "explain/walk_around.h"

#include <algorithm>

namespace trapline::explain {

unsigned WalkAround::from(trace::Source source) const {
  return static_cast<unsigned>(std::count_if(references.begin(), references.end(), [&](const auto& reference) {
    return reference.second.source == static_cast<u8>(source);
  }));
}

bool WalkAround::failed() const {
  const auto told = end ? end->as<trace::WalkEnd>() : std::nullopt;
  return told && told->outcome != static_cast<u8>(trace::WalkOutcome::translated);
}

WalkAround walk_around(Account& account, u64 sequence, u64 cause) {
  WalkAround walk;
  const auto& source = account.around().source();
  const auto begins = source.kinds<trace::WalkBegin>();
  walk.begin = account.around().before(sequence + 1, begins, [&](const auto& event) { return event.cause() == cause; });
  if (!walk.begin) return walk;
  const auto parts = source.kinds<trace::WalkReference, trace::WalkEnd, trace::WalkBegin>();
  walk.end = account.around().after(walk.begin->sequence(), parts, [&](const trace::RecordedEvent& event) {
    if (event.cause() != cause) return false;
    if (const auto reference = event.as<trace::WalkReference>())
      walk.references.emplace_back(event.sequence(), *reference);
    return event.is<trace::WalkEnd>() || event.is<trace::WalkBegin>() ||
           walk.references.size() >= WalkAround::most_references;
  });
  if (walk.end && !walk.end->is<trace::WalkEnd>()) walk.end.reset();
  return walk;
}

std::string walked_address(const Account& account, const trace::WalkBegin& begin) {
  return account.address(begin.gva != unknown_address ? begin.gva : begin.gpa);
}

}  // namespace trapline::explain
