// A trace in memory that a test writes event by event, and what is said of one of them.
#pragma once

#include "base/address.h"
#include "explain/explain.h"
#include "trace/memory_trace.h"

namespace trapline::test {

struct Maker {
  trace::MemoryTrace trace;
  trace::Bus bus{trace::Level::instructions, trace};
  u64 count = 0;

  // The event's sequence number.
  template <typename Event>
  u64 add(const Event& event, u64 cause = 0, trace::Provenance provenance = trace::Provenance::observed) {
    trace::Stamp stamp;
    stamp.cause = cause;
    stamp.tick = count;
    stamp.provenance = provenance;
    if constexpr (Event::has_blob) {
      bus.stamp() = stamp;
      bus.emit_with_blob(event, {});
    } else {
      bus.emit(event, stamp);
    }
    return count++;
  }
  u64 header(trace::Technique technique, trace::MetalKind metal = trace::MetalKind::soft) {
    trace::RunHeader header;
    header.technique = static_cast<u8>(technique);
    header.metal = static_cast<u8>(metal);
    return add(header);
  }
  explain::Explanation said(u64 sequence, Language language = Language::english) {
    bus.flush();
    return explain::explain(trace, sequence, language);
  }
};

inline bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace trapline::test
