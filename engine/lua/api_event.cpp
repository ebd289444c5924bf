// One event, as `trapline events` prints it, field by field.
#include "lua/trace_object.h"
#include "trace/text.h"

namespace trapline::lua {
namespace {

const trace::RecordedEvent& event_of(Invocation& call) { return call.self<EventObject>().event(); }

Result<> seq(Invocation& call) {
  call.give(event_of(call).sequence());
  return {};
}
Result<> kind(Invocation& call) {
  call.give(event_of(call).kind_name());
  return {};
}
Result<> vcpu(Invocation& call) {
  call.give(event_of(call).stamp().vcpu);
  return {};
}
Result<> tick(Invocation& call) {
  call.give(event_of(call).tick());
  return {};
}
Result<> retired(Invocation& call) {
  const u64 count = event_of(call).stamp().retired;
  count == trace::unknown_number ? call.give_nil() : call.give(count);
  return {};
}
Result<> provenance(Invocation& call) {
  call.give(trace::name_of(event_of(call).stamp().provenance));
  return {};
}
Result<> cause(Invocation& call) {
  call.give(event_of(call).cause());
  return {};
}
Result<> trace_of(Invocation& call) {
  call.give(call.self<EventObject>().trace());
  return {};
}

Result<std::size_t> field_named(Invocation& call) {
  const trace::EventSchema& schema = event_of(call).schema();
  if (const auto field = schema.find_field(call.text(0))) return *field;
  std::string known;
  for (const trace::FieldSchema& field : schema.fields) known += (known.empty() ? "" : ", ") + field.name;
  return usage_error("a " + schema.name + " event has no field " + std::string(call.text(0)) + "; it has " + known);
}

Result<> field(Invocation& call) {
  const auto number = field_named(call);
  if (!number) return number.error();
  call.give(field_value(event_of(call), *number));
  return {};
}

Result<> raw(Invocation& call) {
  const auto number = field_named(call);
  if (!number) return number.error();
  call.give(event_of(call).field(*number));
  return {};
}

Result<> has(Invocation& call) {
  call.give(event_of(call).schema().find_field(call.text(0)).has_value());
  return {};
}

Result<> text(Invocation& call) {
  std::string line;
  trace::append_text(line, event_of(call));
  call.give(line);
  return {};
}

Result<> equal(Invocation& call) {
  const EventObject &left = call.self<EventObject>(), &right = *call.object<EventObject>(0);
  call.give(left.trace() == right.trace() && left.event().sequence() == right.event().sequence());
  return {};
}

const std::vector<Parameter> name = {{"name", "string", "the field's name"}};

}  // namespace

const ClassRow& EventObject::lua_class() {
  static const ClassRow row = {
      "Event",
      "One event of a trace. Its kind's own fields are read by name: event.reason, event.gpa.",
      {{"seq", "integer", "its number in the trace, from 0", seq},
       {"kind", "string", "such as vm_exit", kind},
       {"vcpu", "integer", "of which virtual processor", vcpu},
       {"tick", "integer", "modelled cycles on soft, nanoseconds on kvm", tick},
       {"retired", "integer?", "guest instructions retired so far; nil where the metal cannot count", retired},
       {"provenance", "string", "observed, derived or modelled", provenance},
       {"cause", "integer", "the correlator of what it belongs to; 0 for none", cause},
       {"trace", "Trace", "whose event it is", trace_of}},
      {{"raw", name, "integer", "A field's number, where its word or true and false would be given.", raw},
       {"has", name, "boolean", "Whether its kind has such a field.", has}},
      field,
      text,
      equal,
      "[string] any the kind's own fields: a word, an integer, a boolean, or nil where it is unknown"};
  return row;
}

}  // namespace trapline::lua
