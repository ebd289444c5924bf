#include "visualizer/rows/steps.h"

#include "views/last_change.h"

namespace trapline::window {

namespace {

using Found = std::optional<u64>;

StepRows found(Found to) { return {true, to}; }

Found to_event(const Lane& lane, u64 from, Direction direction) {
  const trace::EventSource& source = lane.source();
  if (direction == Direction::back) return source.last_before(source.schema().all_kinds(), from);
  trace::Cursor cursor = source.events(source.schema().all_kinds(), from + 1);
  const trace::RecordedEvent* const event = cursor.next();
  return event == nullptr ? std::nullopt : Found(event->sequence());
}

// Where the retired count differs from the one at `from`: forward the first event of the next count, back the first
// event of the one before.
StepRows to_instruction(Lane& lane, u64 from, Direction direction, const Interrupt& interrupt) {
  if (!lane.index_to(from, interrupt)) return {};
  const trace::Overview& overview = lane.index().overview();
  const auto here = overview.moment(from);
  if (!here || here->retired == trace::unknown_number) return found(std::nullopt);
  if (direction == Direction::back) {
    const u64 first = overview.reaching(trace::TimeAxis::retired, here->retired);
    if (first == 0) return found(std::nullopt);
    const auto before = overview.moment(first - 1);
    if (!before || before->retired == trace::unknown_number) return found(std::nullopt);
    return found(overview.reaching(trace::TimeAxis::retired, before->retired));
  }
  while (true) {
    const u64 to = overview.reaching(trace::TimeAxis::retired, here->retired + 1);
    if (to < overview.built()) return found(to);
    if (lane.index().whole()) return found(std::nullopt);
    if (interrupt) return {};
    lane.index().advance(1);
  }
}

Found to_kind(Lane& lane, const trace::KindSet& kinds, u64 from, Direction direction) {
  const trace::Postings postings = lane.index().postings();
  return direction == Direction::back ? postings.previous(kinds, from) : postings.next(kinds, from + 1);
}

StepRows to_hit(Lane& lane, const std::string& filter, u64 from, Direction direction, const Interrupt& interrupt) {
  trace::Hits* const hits = lane.hits(filter);
  if (hits == nullptr) return filter.empty() ? found(to_event(lane, from, direction)) : found(std::nullopt);
  while (true) {
    const bool enough = hits->whole() || (direction == Direction::back && hits->built() > from);
    const Found to = direction == Direction::forward ? hits->next(from + 1) : enough ? hits->previous(from) : Found();
    if (to || enough) return found(to);
    if (interrupt) return {};
    hits->advance(1);
  }
}

StepRows to_change(const Lane& lane, const views::Subject& subject, u64 from, Direction direction,
                   const Interrupt& interrupt) {
  const auto stop = [&] { return static_cast<bool>(interrupt); };
  const Found to = direction == Direction::back ? views::last_change(lane.source(), subject, from, stop)
                                                : views::next_change(lane.source(), subject, from, stop);
  return interrupt ? StepRows{} : found(to);
}

}  // namespace

trace::KindSet stop_kinds(const trace::EventSource& source) {
  if (source.count_of("vm_exit") + source.count_of("trap") > 0) return source.kinds<trace::VmExit, trace::Trap>();
  return source.kinds<trace::UserExit>();
}

StepRows step(LaneSet& lanes, const Question& question, StepKind kind, Direction direction,
              const Interrupt& interrupt) {
  Lane* const lane = lanes.at(question.at.lane);
  if (lane == nullptr) return found(std::nullopt);
  const u64 from = question.at.sequence;
  switch (kind) {
    case StepKind::event:
      return found(to_event(*lane, from, direction));
    case StepKind::instruction:
      return to_instruction(*lane, from, direction, interrupt);
    case StepKind::stop:
      return found(to_kind(*lane, stop_kinds(lane->source()), from, direction));
    case StepKind::marker:
      return found(to_kind(*lane, lane->source().kinds<trace::Marker>(), from, direction));
    case StepKind::hit:
      return to_hit(*lane, question.about, from, direction, interrupt);
    case StepKind::change:
      return to_change(*lane, question.subject, from, direction, interrupt);
  }
  return found(std::nullopt);
}

}  // namespace trapline::window
