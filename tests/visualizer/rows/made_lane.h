// A lane made by hand, event by event, in memory: for tests of rows.
#pragma once

#include "trace/memory_trace.h"
#include "visualizer/model/lane.h"

namespace trapline::window {

struct MadeLane {
  std::shared_ptr<trace::MemoryTrace> trace = std::make_shared<trace::MemoryTrace>();
  trace::Bus bus{trace::Level::instructions, *trace};
  u64 next = 0;

  MadeLane() {
    bus.stamp().tick = 0;
    bus.stamp().retired = 0;
  }

  // Sequence number of the event. Change `bus.stamp()` before, for tick, retired count, cause and provenance.
  template <typename Event>
  u64 emit(const Event& event) {
    bus.emit(event);
    return next++;
  }
  // A header such as a session writes: `full on soft`, recorded at level instructions.
  u64 header(trace::Technique technique, trace::MetalKind metal = trace::MetalKind::soft) {
    const std::string_view json = R"({"guest":"made"})";
    bus.emit_with_blob(trace::RunHeader{static_cast<u8>(technique), static_cast<u8>(metal),
                                        static_cast<u8>(trace::Level::instructions), 1, 16 << 20},
                       std::as_bytes(std::span(json)));
    return next++;
  }

  std::unique_ptr<Lane> lane(std::string name = "made") {
    bus.flush();
    return std::make_unique<Lane>(trace, std::move(name));
  }
  LaneSet lanes() {
    std::vector<std::unique_ptr<Lane>> list;
    list.push_back(lane());
    return LaneSet(std::move(list));
  }
};

}  // namespace trapline::window
