// Which events write to a place in memory, and which give a linear page its translation: what last_change() asks of
// each event about addresses.
#pragma once

#include <optional>

#include "trace/event_source.h"
#include "views/last_change.h"
#include "views/subject.h"

namespace trapline::views {

// Some bytes of memory within one page, under the physical addresses that are known for them.
struct MemoryPlace {
  std::optional<u64> gpa, hpa;
  u64 bytes = 8;
};

// The subject's bytes, cut at its page's end, with the page's other address from the nearest event that tells both: the
// last one before `near`, else the first one after it.
MemoryPlace place_of(const trace::EventSource& source, const Subject& subject, u64 near, const StopSearch& stop);

// The host-physical address of a linear, guest-physical or host-physical subject, as far as events tell.
std::optional<u64> host_address_of(const trace::EventSource& source, const Subject& subject, u64 near,
                                   const StopSearch& stop);

trace::KindSet memory_change_kinds(const trace::EventSource& source);
bool writes_to(const trace::RecordedEvent& event, const MemoryPlace& place);

trace::KindSet linear_write_kinds(const trace::EventSource& source);
bool writes_to_linear(const trace::RecordedEvent& event, const Subject& subject);

trace::KindSet translation_kinds(const trace::EventSource& source);
bool translates(const trace::RecordedEvent& event, u64 gva);

}  // namespace trapline::views
