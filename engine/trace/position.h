// A place in a trace as people write it: `4711`, `vm_exit#3` (counted from 1), or `end`.
#pragma once

#include <string_view>

#include "base/result.h"
#include "trace/event_source.h"

namespace trapline::trace {

// The sequence number. Usage errors begin with `beginning`, such as the option that the text was given to. The end of a
// trace without events is 0.
Result<u64> position_of(const EventSource& source, std::string_view text, std::string_view beginning = "");

}  // namespace trapline::trace
