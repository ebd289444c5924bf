// Looking around an event, at bounded cost: so many events scanned and so many blocks decoded for one explanation,
// whatever the trace is. What lies further away is not found, and the caller says so.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "trace/event_source.h"

namespace trapline::explain {

class Surroundings {
 public:
  static constexpr u64 most_events = 65536;   // of one search
  static constexpr u64 most_related = 8192;   // of one for what shares a correlator, which lies near
  static constexpr unsigned most_blocks = 6;  // of one explanation

  using Match = std::function<bool(const trace::RecordedEvent&)>;

  explicit Surroundings(const trace::EventSource& source) : source_(source) {}

  std::optional<trace::RecordedEvent> at(u64 sequence);
  // The nearest event of these kinds before or after a place that matches. A search ends at the first event that stops
  // it, so that one need not look past a boundary.
  std::optional<trace::RecordedEvent> before(u64 sequence, const trace::KindSet& kinds, const Match& match,
                                             const Match& stop = {}, u64 most = most_events);
  std::optional<trace::RecordedEvent> after(u64 sequence, const trace::KindSet& kinds, const Match& match,
                                            const Match& stop = {}, u64 most = most_events);

  // By struct: `last<trace::VmExit>(sequence, [](const trace::VmExit& exit) { ... })`.
  template <typename Event, typename Test>
  std::optional<trace::RecordedEvent> last(u64 sequence, Test test) {
    return before(sequence, source_.kinds<Event>(),
                  [&](const trace::RecordedEvent& event) { return test(*event.as<Event>(), event); });
  }
  template <typename Event>
  std::optional<trace::RecordedEvent> last(u64 sequence) {
    return before(sequence, source_.kinds<Event>(), [](const trace::RecordedEvent&) { return true; });
  }
  template <typename Event>
  std::optional<trace::RecordedEvent> next(u64 sequence) {
    return after(sequence, source_.kinds<Event>(), [](const trace::RecordedEvent&) { return true; });
  }
  template <typename Event, typename Test>
  std::optional<trace::RecordedEvent> next(u64 sequence, Test test) {
    return after(sequence, source_.kinds<Event>(),
                 [&](const trace::RecordedEvent& event) { return test(*event.as<Event>(), event); });
  }

  const trace::EventSource& source() const { return source_; }

 private:
  // Null where it cannot be read, or where this explanation has decoded enough.
  std::shared_ptr<const trace::Segment> open(std::size_t segment);
  // The segment that holds a sequence number, or the first behind it.
  std::size_t segment_at(u64 sequence) const;
  bool holds(std::size_t segment, const trace::KindSet& kinds) const;

  const trace::EventSource& source_;
  std::vector<std::pair<std::size_t, std::shared_ptr<const trace::Segment>>> opened_;
};

}  // namespace trapline::explain
