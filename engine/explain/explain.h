// Explain: on any event one paragraph - what it is, why it happened here with this run's values, and which sections of
// the manuals say so, by title - in every language of the lab.
//
// An explanation is made from the trace alone. Looking around is bounded (surroundings.h): where what would explain an
// event lies too far away, the paragraph says that it was not found. A trace may hold anything; whatever it holds is
// told as it stands, and unknown stays unknown.
#pragma once

#include <string>
#include <vector>

#include "base/language.h"
#include "trace/event_source.h"

namespace trapline::explain {

// A cause or a consequence elsewhere in the trace.
struct Link {
  std::string text;
  u64 sequence = 0;
};

struct Explanation {
  std::string title;
  std::string paragraph;
  std::string manual;  // books and section titles, "; " between several; never section numbers
  std::vector<Link> links;
};

Explanation explain(const trace::EventSource& source, u64 sequence, Language language);

}  // namespace trapline::explain
