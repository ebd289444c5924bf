// A page of the event table: so many events from one on, all of them or those that a filter finds.
#pragma once

#include <vector>

#include "trace/lane_class.h"
#include "visualizer/model/desk.h"

namespace trapline::window {

struct EventLine {
  u64 sequence = 0;
  std::string kind;
  std::string fields;  // name=value ...
  u64 tick = 0;
  u64 retired = trace::unknown_number;
  u64 cause = 0;
  trace::Provenance provenance = trace::Provenance::observed;
  trace::LaneClass lane_class = trace::LaneClass::other;
  bool stop = false;  // the guest loses the processor here
};

struct EventPage {
  std::vector<EventLine> rows;
  std::string trouble;    // of the filter, in a sentence; the page is then that of all events
  bool filtered = false;  // hits alone
  u64 hits = 0;           // found so far
  u64 hits_before = 0;    // the first row
  bool all_looked_at = true;
  bool ends_early = false;  // at the question's horizon: there is more, which is not to be seen yet
};

// Question: first, the sequence number from which on; second, how many; about, the filter; at.lane; at.sequence, how
// many hits of the filter above the first. Never more than 200 rows.
EventPage events_page(LaneSet& lanes, const Question& question, const Interrupt& interrupt);

// The fields of an event as `name=value ...`; a blob by its size.
std::string fields_text(const trace::RecordedEvent& event);

}  // namespace trapline::window
