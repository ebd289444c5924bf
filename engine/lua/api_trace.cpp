// A recorded lane: what it says of itself, and its events by the filter language.
#include "lua/trace_history.h"
#include "lua/trace_object.h"
#include "trace/text.h"

namespace trapline::lua {
namespace {

TraceObject& trace_of(Invocation& call) { return call.self<TraceObject>(); }

template <auto member>
Result<> fact(Invocation& call) {
  const auto& value = trace_of(call).facts().*member;
  if constexpr (requires { value.has_value(); })
    value ? call.give(*value) : call.give_nil();
  else
    call.give(value);
  return {};
}

Result<> event_count(Invocation& call) {
  call.give(trace_of(call).source().count());
  return {};
}
Result<> path(Invocation& call) {
  call.give(trace_of(call).source().path());
  return {};
}

// ---- events --------------------------------------------------------------------------------------------------------

// Events that a filter lets through, one by one. Work is charged to the script.
class Selection {
 public:
  Selection(TraceObject& trace, const trace::Filter* filter, u64 first = 0, u64 end = ~0ULL)
      : filter_(filter),
        cursor_(trace.source().events(filter ? filter->kinds() : trace.source().schema().all_kinds(), first, end)) {}

  const trace::RecordedEvent* next(Invocation& call) {
    while (const trace::RecordedEvent* event = cursor_.next()) {
      call.charge(4);
      if (!filter_ || filter_->matches(*event)) return event;
    }
    return nullptr;
  }

 private:
  const trace::Filter* filter_;
  trace::Cursor cursor_;
};

Result<Selection> select(Invocation& call, unsigned argument) {
  TraceObject& trace = trace_of(call);
  if (!call.given(argument)) return Selection(trace, nullptr);
  const auto filter = trace.filter(call.text(argument));
  if (!filter) return filter.error();
  return Selection(trace, *filter);
}

Result<> events(Invocation& call) {
  auto selection = select(call, 0);
  if (!selection) return selection.error();
  const auto trace = call.self_pointer<TraceObject>();
  const auto shared = std::make_shared<Selection>(std::move(*selection));
  call.give(Closure([trace, shared](Invocation& step) -> Result<> {
    const trace::RecordedEvent* const event = shared->next(step);
    event ? step.give(event_value(trace, *event)) : step.give_nil();
    return {};
  }));
  return {};
}

Result<> count(Invocation& call) {
  auto selection = select(call, 0);
  if (!selection) return selection.error();
  u64 total = 0;
  while (selection->next(call)) ++total;
  call.give(total);
  return {};
}

Result<> give_nth(Invocation& call, Selection& selection, u64 n) {
  while (const trace::RecordedEvent* event = selection.next(call)) {
    if (--n != 0) continue;
    call.give(event_value(call.self_pointer<TraceObject>(), *event));
    return {};
  }
  call.give_nil();
  return {};
}

Result<> first(Invocation& call) {
  auto selection = select(call, 0);
  if (!selection) return selection.error();
  return give_nth(call, *selection, 1);
}

Result<> nth(Invocation& call) {
  if (call.integer(1) < 1) return usage_error("n counts from 1");
  auto selection = select(call, 0);
  if (!selection) return selection.error();
  return give_nth(call, *selection, call.unsigned_integer(1));
}

Result<> last(Invocation& call) {
  auto selection = select(call, 0);
  if (!selection) return selection.error();
  std::optional<trace::RecordedEvent> found;
  while (const trace::RecordedEvent* event = selection->next(call)) found = *event;
  found ? call.give(event_value(call.self_pointer<TraceObject>(), *found)) : call.give_nil();
  return {};
}

Result<> sum(Invocation& call) {
  auto selection = select(call, 0);
  if (!selection) return selection.error();
  u64 total = 0;
  while (const trace::RecordedEvent* event = selection->next(call)) {
    const auto field = event->schema().find_field(call.text(1));
    if (!field) return usage_error("a " + event->schema().name + " event has no field " + std::string(call.text(1)));
    if (const Value value = field_value(*event, *field); !value.is_nil()) total += event->field(*field);
  }
  call.give(total);
  return {};
}

// Event's own properties can be grouped by too, such as kind.
Result<> group(Invocation& call) {
  auto selection = select(call, 0);
  if (!selection) return selection.error();
  std::vector<Field> counts;
  while (const trace::RecordedEvent* event = selection->next(call)) {
    Value key;
    if (const auto field = event->schema().find_field(call.text(1)))
      key = field_value(*event, *field);
    else if (call.text(1) == "kind")
      key = event->kind_name();
    else
      return usage_error("a " + event->schema().name + " event has no field " + std::string(call.text(1)));
    if (key.is_nil()) key = "unknown";
    call.charge(counts.size() / 8);
    auto place = std::find_if(counts.begin(), counts.end(), [&](const Field& each) { return each.key == key; });
    if (place == counts.end()) place = counts.insert(counts.end(), {key, 0});
    place->value = *place->value.integer() + 1;
  }
  Table table;
  for (Field& field : counts) table.append(std::move(field));
  table.sort();
  call.give(std::move(table));
  return {};
}

// ---- moments -------------------------------------------------------------------------------------------------------
Result<> at(Invocation& call) {
  const auto sequence = place_at(call, 0);
  if (!sequence) return sequence.error();
  call.give(std::make_shared<PositionObject>(call.self_pointer<TraceObject>(), *sequence));
  return {};
}

Result<> event(Invocation& call) {
  const auto sequence = place_at(call, 0);
  if (!sequence) return sequence.error();
  const auto found = trace_of(call).source().at(*sequence);
  found ? call.give(event_value(call.self_pointer<TraceObject>(), *found)) : call.give_nil();
  return {};
}

Result<> text(Invocation& call) {
  const TraceObject::Facts& facts = trace_of(call).facts();
  call.give("Trace of " + facts.guest + " under " + facts.technique + " on " + facts.metal + " (" + facts.outcome +
            ", " + std::to_string(trace_of(call).source().count()) + " events)");
  return {};
}

Result<> equal(Invocation& call) {
  call.give(call.self_pointer<TraceObject>() == call.object<TraceObject>(0));
  return {};
}

using Facts = TraceObject::Facts;

std::vector<PropertyRow> properties() {
  return {
      {"guest", "string", "the guest's name", fact<&Facts::guest>},
      {"technique", "string", "full, para or hardware", fact<&Facts::technique>},
      {"metal", "string", "soft or kvm", fact<&Facts::metal>},
      {"level", "string", "recording level", fact<&Facts::level>},
      {"seed", "integer", "the run's seed", fact<&Facts::seed>},
      {"outcome", "string", "how the lane ended, such as finished", fact<&Facts::outcome>},
      {"sentence", "string", "why it ended so; empty for a guest that ended by itself", fact<&Facts::sentence>},
      {"exit_code", "integer", "what the guest wrote to its exit port", fact<&Facts::exit_code>},
      {"digest", "string?", "SHA-256 over the console's fact: lines", fact<&Facts::digest>},
      {"event_hash", "string?", "SHA-256 over the canonical event stream", fact<&Facts::event_hash>},
      {"retired", "integer?", "guest instructions retired; nil where the metal cannot count", fact<&Facts::retired>},
      {"ticks", "integer", "modelled cycles on soft, nanoseconds on kvm", fact<&Facts::ticks>},
      {"console", "string", "what the guest printed", fact<&Facts::console>},
      {"facts", "string", "of that, the lines that start with fact:", fact<&Facts::facts>},
      {"event_count", "integer", "how many events it holds", event_count},
      {"path", "string", "its file", path}};
}

std::vector<FunctionRow> methods() {
  const Parameter filter = {"filter", "string?", "a kind's name, or the filter language; all events without it"};
  const Parameter field = {"field", "string", "a field's name"};
  const Parameter where = {"where", "Event|string|integer", "an event, its number, kind#n, or end"};
  return {
      {"events", {filter}, "function", "Iterates over events: for e in trace:events(\"vm_exit\") do ... end.", events},
      {"count", {filter}, "integer", "How many events match.", count},
      {"first", {filter}, "Event?", "The first that matches.", first},
      {"last", {filter}, "Event?", "The last that matches.", last},
      {"nth", {filter, {"n", "integer", "from 1"}}, "Event?", "The n-th that matches.", nth},
      {"sum", {filter, field}, "integer", "The sum of a field over the events that match.", sum},
      {"group", {filter, field}, "table<any, integer>", "How many events match for each value of a field.", group},
      {"event", {where}, "Event?", "One event.", event},
      {"at", {where}, "Position", "The moment after an event, for views.", at},
      {"last_write",
       {{"gpa", "integer", "guest-physical address"}, {"before", "Event|string|integer?", "only before this event"}},
       "Event?",
       "The last recorded write into the 8 bytes there: to paging structures from level mmu, to all from level memory.",
       last_write},
      {"actions",
       {{"kind", "string?", "such as page_fault; all of them without it"}},
       "table[]",
       "What the guest announced: a list of {kind, ordinal, first, last, ticks, retired}.",
       actions},
  };
}

}  // namespace

const ClassRow& TraceObject::lua_class() {
  static const ClassRow row = {"Trace", "A recorded lane.", properties(), methods(), nullptr, text, equal, ""};
  return row;
}

}  // namespace trapline::lua
