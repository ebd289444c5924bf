// The few things that a lab asks of traces and events which scripts hold as values. Everything else a check does in
// Lua.
#pragma once

#include <optional>

#include "lua/value.h"
#include "trace/event_source.h"

namespace trapline::lab {

// What a lane of a lab may cost where its options do not say, in the units of run's budget: twenty tours, and little
// enough that a learner's handler which never gets anywhere is told so soon.
inline constexpr u64 soft_budget_of_labs = 1'000'000;

// Runs a lane to its end and leaves FOLDER/NAME.trap; the Trace. `options` are those of trapline.run; the seed is the
// lab's where they name none. Errors: a mistake in the options, or a host that lacks what they ask for.
Result<lua::Value> record(const lua::Table& options, u64 seed, const std::string& folder, const std::string& name);

// Null where the value is no Trace.
const trace::EventSource* source_of(const lua::Value& trace);

struct TraceFacts {
  std::string outcome;
  std::string sentence;
  std::string digest;  // empty where there is none
  u64 exit_code = 0;
};
std::optional<TraceFacts> facts_of(const lua::Value& trace);
// What costs no look at the events; for a Trace.
std::string path_of(const lua::Value& trace);
std::string event_hash_of(const lua::Value& trace);

struct EventPlace {
  std::string path;  // of the trace
  u64 sequence = 0;
  std::string kind;
  std::string line;  // event 516: vm_exit reason=CPUID ...
};
std::optional<EventPlace> place_of(const lua::Value& event);
EventPlace place_of(const std::string& path, const trace::RecordedEvent& event);

// What to type to look at an event: the view that fits its kind, or the event itself where none does.
std::string show_command(const std::string& path, u64 sequence, std::string_view kind);

}  // namespace trapline::lab
