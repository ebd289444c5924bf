#include "lua/trace_history.h"

#include "base/address.h"
#include "lua/trace_object.h"

namespace trapline::lua {

namespace {

constexpr u64 word_bytes = 8;

// Follows one guest-physical word through the events: writes to paging structures name it, other memory accesses name
// the host-physical address only, which the TLB's fills tie to it.
class WordHistory {
 public:
  explicit WordHistory(u64 gpa) : gpa_(gpa) {}

  bool writes(const trace::RecordedEvent& event) {
    if (const auto write = event.as<trace::TableWrite>()) {
      if (write->gpa == unknown_address) return false;
      if (overlaps(write->gpa, write->size, gpa_)) return true;
      return false;
    }
    if (const auto fill = event.as<trace::TlbFill>()) {
      learn(*fill);
      return false;
    }
    const auto access = event.as<trace::MemoryAccess>();
    return access && access->access == static_cast<u8>(trace::AccessKind::write) && hpa_ != unknown_address &&
           overlaps(access->hpa, access->size, hpa_);
  }

 private:
  static bool overlaps(u64 start, u64 bytes, u64 word) { return start < word + word_bytes && word < start + bytes; }

  void learn(const trace::TlbFill& fill) {
    if (fill.gpa == unknown_address || fill.page_level < 1 || fill.page_level > 3) return;
    const u64 bytes = u64{1} << (12 + 9 * (fill.page_level - 1));
    if (gpa_ >= fill.gpa && gpa_ - fill.gpa < bytes) hpa_ = fill.hpa + (gpa_ - fill.gpa);
  }

  u64 gpa_;
  u64 hpa_ = unknown_address;
};

struct Action {
  trace::RecordedEvent first;
  trace::Marker marker;
  std::optional<trace::RecordedEvent> last;
};

std::vector<Action> actions_of(Invocation& call, const trace::EventSource& source, std::string_view kind) {
  std::vector<Action> found;
  auto cursor = source.events(source.kinds<trace::Marker>());
  while (const trace::RecordedEvent* event = cursor.next()) {
    call.charge(4);
    const trace::Marker marker = *event->as<trace::Marker>();
    if (!kind.empty() && trace::name_of(static_cast<trace::Action>(marker.action)) != kind) continue;
    if (!marker.end) {
      found.push_back({*event, marker, std::nullopt});
      continue;
    }
    for (auto open = found.rbegin(); open != found.rend(); ++open) {
      if (open->last || open->marker.action != marker.action || open->marker.ordinal != marker.ordinal) continue;
      open->last = *event;
      break;
    }
  }
  return found;
}

Table table_of(const std::shared_ptr<TraceObject>& trace, const Action& action) {
  Table table;
  table.set("kind", trace::name_of(static_cast<trace::Action>(action.marker.action)))
      .set("ordinal", action.marker.ordinal)
      .set("first", event_value(trace, action.first));
  if (!action.last) return table;
  table.set("last", event_value(trace, *action.last)).set("ticks", action.last->tick() - action.first.tick());
  const u64 begin = action.first.stamp().retired, end = action.last->stamp().retired;
  if (begin != trace::unknown_number && end != trace::unknown_number) table.set("retired", end - begin);
  return table;
}

}  // namespace

Result<u64> place_at(Invocation& call, unsigned argument) {
  TraceObject& trace = call.self<TraceObject>();
  if (call.is_integer(argument) && call.integer(argument) < 0)
    return usage_error("a trace's events are numbered from 0");
  if (!call.is<EventObject>(argument))
    return trace.position(call.is_text(argument) ? std::string(call.text(argument))
                                                 : std::to_string(call.unsigned_integer(argument)));
  const auto event = call.object<EventObject>(argument);
  if (event->trace().get() != &trace) return usage_error("the event is one of another trace");
  return event->event().sequence();
}

Result<> last_write(Invocation& call) {
  u64 end = ~0ULL;
  if (call.given(1)) {
    const auto before = place_at(call, 1);
    if (!before) return before.error();
    end = *before;
  }
  const auto& source = call.self<TraceObject>().source();
  auto cursor = source.events(source.kinds<trace::TableWrite, trace::TlbFill, trace::MemoryAccess>(), 0, end);
  WordHistory history(call.unsigned_integer(0));
  std::optional<trace::RecordedEvent> found;
  while (const trace::RecordedEvent* event = cursor.next()) {
    call.charge(2);
    if (history.writes(*event)) found = *event;
  }
  call.give(found ? event_value(call.self_pointer<TraceObject>(), *found) : Value());
  return {};
}

Result<> actions(Invocation& call) {
  const auto trace = call.self_pointer<TraceObject>();
  if (call.given(0)) {
    bool known = false;
    for (const trace::Word& word : trace::find_vocabulary("Action")->words) known |= word.name == call.text(0);
    if (!known) return usage_error("Trace:actions: there is no action '" + std::string(call.text(0)) + "'");
  }
  Table list;
  for (const Action& action : actions_of(call, trace->source(), call.text(0))) list.push(table_of(trace, action));
  call.give(std::move(list));
  return {};
}

}  // namespace trapline::lua
