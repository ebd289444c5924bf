// A page walk: which entries were looked at, where each came from, and what came out.
#include "lua/walk_object.h"

namespace trapline::lua {

std::vector<trace::RecordedEvent> WalkObject::reference_events() const {
  const auto& source = trace_->source();
  std::vector<trace::RecordedEvent> events;
  auto cursor = source.events(source.kinds<trace::WalkReference>(), walk_.first);
  while (events.size() < walk_.references.size()) {
    const trace::RecordedEvent* const event = cursor.next();
    if (!event) break;
    if (event->cause() == walk_.cause) events.push_back(*event);
  }
  return events;
}

namespace {

const views::WalkView& walk_of(Invocation& call) { return call.self<WalkObject>().walk(); }

template <typename Enum>
std::string_view word(u8 value) {
  return trace::name_of(static_cast<Enum>(value));
}

// What only the end of a walk tells; nil where the trace stops inside it.
template <auto member>
Result<> at_end(Invocation& call) {
  const auto& end = walk_of(call).end;
  call.give(end ? known(u64{(*end).*member}) : Value());
  return {};
}
template <auto member>
Result<> at_begin(Invocation& call) {
  call.give(known(u64{walk_of(call).begin.*member}));
  return {};
}

Result<> outcome(Invocation& call) {
  const auto& end = walk_of(call).end;
  call.give(end ? Value(word<trace::WalkOutcome>(end->outcome)) : Value());
  return {};
}
Result<> access(Invocation& call) {
  call.give(word<trace::AccessKind>(walk_of(call).begin.access));
  return {};
}
Result<> user(Invocation& call) {
  call.give(walk_of(call).begin.user != 0);
  return {};
}
Result<> provenance(Invocation& call) {
  call.give(trace::name_of(walk_of(call).provenance));
  return {};
}
Result<> begin(Invocation& call) {
  const WalkObject& walk = call.self<WalkObject>();
  const auto event = walk.trace()->source().at(walk.walk().first);
  call.give(event ? event_value(walk.trace(), *event) : Value());
  return {};
}
Result<> gpa(Invocation& call) {
  const views::WalkView& walk = walk_of(call);
  call.give(known(walk.end ? walk.end->gpa : walk.begin.gpa));
  return {};
}

Result<> references(Invocation& call) {
  const WalkObject& walk = call.self<WalkObject>();
  const auto events = walk.reference_events();
  Table list;
  for (std::size_t i = 0; i < walk.walk().references.size(); ++i) {
    const trace::WalkReference& reference = walk.walk().references[i];
    Table row;
    row.set("dimension", word<trace::Dimension>(reference.dimension))
        .set("level", reference.level)
        .set("for_level", reference.for_level)
        .set("source", word<trace::Source>(reference.source))
        .set("entry_gpa", known(reference.entry_gpa))
        .set("entry_hpa", known(reference.entry_hpa))
        .set("value", reference.value);
    if (i < events.size()) row.set("event", event_value(walk.trace(), events[i]));
    list.push(std::move(row));
  }
  call.give(std::move(list));
  return {};
}

Result<> from(Invocation& call) {
  const trace::Vocabulary& sources = *trace::find_vocabulary("Source");
  for (const trace::Word& source : sources.words)
    if (source.name == call.text(0)) {
      call.give(walk_of(call).from(static_cast<trace::Source>(source.value)));
      return {};
    }
  return usage_error("Walk:from: the sources are memory, paging_structure_cache and tlb");
}

Result<> text(Invocation& call) {
  const views::WalkView& walk = walk_of(call);
  call.give("walk of event " + std::to_string(walk.first) + " with " + std::to_string(walk.references.size()) +
            " references");
  return {};
}

Result<> equal(Invocation& call) {
  const WalkObject &left = call.self<WalkObject>(), &right = *call.object<WalkObject>(0);
  call.give(left.trace() == right.trace() && left.walk().first == right.walk().first);
  return {};
}

std::vector<PropertyRow> properties() {
  return {{"outcome", "string?", "translated, page_fault, ept_violation ...; nil where the trace ends inside", outcome},
          {"gva", "integer?", "the linear address", at_begin<&trace::WalkBegin::gva>},
          {"gpa", "integer?", "its guest-physical address", gpa},
          {"hpa", "integer?", "its host-physical address", at_end<&trace::WalkEnd::hpa>},
          {"page_level", "integer?", "1: 4 KiB, 2: 2 MiB, 3: 1 GiB; of the guest's page",
           at_end<&trace::WalkEnd::page_level>},
          {"error_code", "integer?", "page-fault error code, or the low half of an EPT-violation qualification",
           at_end<&trace::WalkEnd::error_code>},
          {"access", "string", "read, write or execute", access},
          {"user", "boolean", "whether user mode asked", user},
          {"root", "integer", "CR3 of the guest dimension", at_begin<&trace::WalkBegin::root>},
          {"ept_pointer", "integer", "EPTP, 0 without EPT", at_begin<&trace::WalkBegin::ept_pointer>},
          {"provenance", "string", "modelled by the processor's model, or derived by software", provenance},
          {"references", "table[]",
           "in order: {dimension, level, for_level, source, entry_gpa, entry_hpa, value, event}", references},
          {"begin", "Event", "its walk_begin event", begin}};
}

}  // namespace

const ClassRow& WalkObject::lua_class() {
  static const ClassRow row = {"Walk",
                               "A page walk, reference by reference.",
                               properties(),
                               {{"from",
                                 {{"source", "string", "memory, paging_structure_cache or tlb"}},
                                 "integer",
                                 "How many of its references came from there.",
                                 from}},
                               nullptr,
                               text,
                               equal,
                               ""};
  return row;
}

}  // namespace trapline::lua
