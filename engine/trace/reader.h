// Reads a trace file: memory-mapped, decoded block by block, believing nothing that a checksum does not cover.
//
// Any bytes may be given. A file whose end is missing, and a `.part`, are read up to the last complete block:
// `recovered()` says what happened. A damaged block is stepped over: `damage()` says which. Memory is bounded by the
// few blocks that are kept decoded (`format.h`: at most 256 MiB each, usually 5).
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "trace/event_source.h"

namespace trapline::trace {

// Events that are lost, and why, in a sentence.
struct Damage {
  u64 first = 0;
  u64 events = 0;  // 0: not known how many
  std::string sentence;
};

class TraceReader : public EventSource {
 public:
  static Result<std::unique_ptr<TraceReader>> open(const std::string& path);
  ~TraceReader() override;

  const Schema& schema() const override;
  std::span<const SegmentInfo> segments() const override;
  std::shared_ptr<const Segment> load(std::size_t segment) const override;

  // Empty for a whole file; otherwise one sentence: what was missing and what could be read.
  const std::string& recovered() const;
  // What was found damaged so far: at opening, and by reading blocks since.
  std::span<const Damage> damage() const;
  // Reads every block and compares the event hash with the footer's; an error is the first damage's sentence.
  Result<> verify() const;

  // From the footer; nothing for a recovered file.
  std::optional<std::string> event_hash() const;

  const std::string& path() const;

 private:
  struct State;
  explicit TraceReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace trapline::trace
