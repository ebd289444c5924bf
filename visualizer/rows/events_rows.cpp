#include "visualizer/rows/events_rows.h"

#include <algorithm>

#include "trace/text.h"
#include "visualizer/rows/steps.h"

namespace trapline::window {

namespace {

constexpr u64 most_rows = 200;

EventLine row_of(const trace::RecordedEvent& event, const trace::KindSet& stops) {
  EventLine row;
  const trace::Stamp stamp = event.stamp();
  row.sequence = event.sequence();
  row.kind = event.kind_name();
  row.fields = fields_text(event);
  row.tick = stamp.tick;
  row.retired = stamp.retired;
  row.cause = stamp.cause;
  row.provenance = stamp.provenance;
  row.lane_class = event.kind() ? trace::class_of(*event.kind()) : trace::LaneClass::other;
  row.stop = stops[event.kind_number()];
  return row;
}

// From `first` on; where the trace ends before, as many from before it, so that a page is full where it can be. A page
// that ends at the horizon leaves two rows for whoever says why.
void add_events(EventPage& page, const Lane& lane, u64 first, u64 count, u64 horizon) {
  const trace::EventSource& source = lane.source();
  const bool bounded = horizon < source.end();
  const u64 end = bounded ? horizon : source.end(), full = bounded ? count - std::min<u64>(count, 2) : count;
  const u64 last_first = end > full ? end - full : 0;
  const trace::KindSet stops = stop_kinds(source);
  trace::Cursor cursor = source.events(source.schema().all_kinds(), std::min(first, last_first));
  while (page.rows.size() < count) {
    const trace::RecordedEvent* const event = cursor.next();
    if (event == nullptr) return;
    if (event->sequence() >= horizon) {
      page.ends_early = true;
      return;
    }
    page.rows.push_back(row_of(*event, stops));
  }
}

// Looks until the page is full; what lies behind it is looked through by whoever has time.
bool look_far_enough(trace::Hits& hits, u64 first, u64 count, const Interrupt& interrupt) {
  while (!hits.whole()) {
    if (hits.built() > first && hits.count() - hits.count_before(first) >= count) return true;
    if (interrupt) return false;
    hits.advance(1);
  }
  return true;
}

void add_hits(EventPage& page, const Lane& lane, trace::Hits& hits, const Question& question, u64 count) {
  const trace::EventSource& source = lane.source();
  const trace::KindSet stops = stop_kinds(source);
  const u64 seen = hits.count_before(question.horizon), above = question.at.sequence;
  const u64 first = std::min(question.first, question.horizon);
  const u64 full = hits.count() > seen ? count - std::min<u64>(count, 2) : count;
  u64 from = first;
  const u64 below = std::min(full, seen - hits.count_before(first));
  for (u64 back = std::min(below, full - std::min(full, above)); back < full; ++back) {
    const auto before = hits.previous(from);
    if (!before) break;
    from = *before;
  }
  page.hits_before = hits.count_before(from);
  for (auto hit = hits.next(from); hit && page.rows.size() < count; hit = hits.next(*hit + 1)) {
    page.ends_early = *hit >= question.horizon;
    if (page.ends_early) return;
    if (const auto event = source.at(*hit)) page.rows.push_back(row_of(*event, stops));
  }
}

}  // namespace

std::string fields_text(const trace::RecordedEvent& event) {
  std::string text;
  for (std::size_t i = 0; i < event.field_count(); ++i) {
    if (!text.empty()) text += ' ';
    text += event.schema().fields[i].name;
    text += '=';
    text += trace::field_text(event, i);
  }
  if (event.schema().has_blob) text += " (" + std::to_string(event.blob().size()) + " bytes)";
  return text;
}

EventPage events_page(LaneSet& lanes, const Question& question, const Interrupt& interrupt) {
  EventPage page;
  Lane* const lane = lanes.at(question.at.lane);
  if (lane == nullptr) return page;
  const u64 count = std::clamp<u64>(question.second, 1, most_rows);
  if (!question.about.empty()) {
    const auto parsed = trace::Filter::parse(question.about, lane->source().schema());
    if (!parsed) page.trouble = parsed.error().sentence;
  }
  trace::Hits* const hits = page.trouble.empty() ? lane->hits(question.about) : nullptr;
  if (hits == nullptr) {
    add_events(page, *lane, question.first, count, question.horizon);
    return page;
  }
  page.filtered = true;
  if (!look_far_enough(*hits, question.first, count, interrupt)) return page;
  add_hits(page, *lane, *hits, question, count);
  page.hits = hits->count_before(question.horizon);
  page.all_looked_at = hits->whole();
  return page;
}

}  // namespace trapline::window
