// A sink that keeps what it takes, and offers it as any trace: for tests, and for views of a run in progress.
//
// Before reading, the bus must be flushed. Reading and recording may alternate.
#pragma once

#include "trace/event_source.h"

namespace trapline::trace {

class MemoryTrace : public Sink, public EventSource {
 public:
  void take(std::span<const std::byte> records) override;

  const Schema& schema() const override { return current_schema(); }
  std::span<const SegmentInfo> segments() const override { return infos_; }
  std::shared_ptr<const Segment> load(std::size_t segment) const override { return segments_[segment]; }

 private:
  std::vector<SegmentInfo> infos_;
  std::vector<std::shared_ptr<const Segment>> segments_;
};

}  // namespace trapline::trace
