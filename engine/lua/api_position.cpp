// A moment of a trace through the views: the same folds that `trapline show` prints.
#include <algorithm>

#include "lua/trace_object.h"
#include "metal/handlers.h"
#include "session/replay.h"
#include "trace/numbers.h"
#include "views/console.h"
#include "views/exits.h"
#include "views/fold.h"
#include "views/registers.h"
#include "views/tlb.h"
#include "views/vmcs.h"
#include "views/walk.h"

namespace trapline::lua {
namespace {

const trace::TraceReader& source_of(Invocation& call) { return call.self<PositionObject>().trace()->source(); }
u64 sequence_of(Invocation& call) { return call.self<PositionObject>().sequence(); }

// The events up to and including this one.
template <typename View>
View folded(Invocation& call) {
  call.charge(sequence_of(call) / 16);
  return views::folded<View>(source_of(call), sequence_of(call) + 1);
}

Value address(u64 value) { return value == unknown_address ? Value() : Value(value); }

Result<> seq(Invocation& call) {
  call.give(sequence_of(call));
  return {};
}

Result<> trace_of(Invocation& call) {
  call.give(call.self<PositionObject>().trace());
  return {};
}

Result<> event(Invocation& call) {
  const auto found = source_of(call).at(sequence_of(call));
  found ? call.give(event_value(call.self<PositionObject>().trace(), *found)) : call.give_nil();
  return {};
}

// ---- walk ----------------------------------------------------------------------------------------------------------
Table reference_table(const trace::WalkReference& reference) {
  Table table;
  table.set("dimension", trace::name_of(static_cast<trace::Dimension>(reference.dimension)))
      .set("level", reference.level)
      .set("for_level", reference.for_level)
      .set("source", trace::name_of(static_cast<trace::Source>(reference.source)))
      .set("entry_gpa", address(reference.entry_gpa))
      .set("entry_hpa", address(reference.entry_hpa))
      .set("value", reference.value);
  return table;
}

Result<> walk(Invocation& call) {
  const auto found = views::walk_at(source_of(call), sequence_of(call));
  if (!found) {
    call.give_nil();
    return {};
  }
  Table references;
  for (const trace::WalkReference& reference : found->references) references.push(reference_table(reference));
  Table table;
  table.set("gva", address(found->begin.gva))
      .set("access", trace::name_of(static_cast<trace::AccessKind>(found->begin.access)))
      .set("user", found->begin.user != 0)
      .set("root", found->begin.root)
      .set("ept_pointer", found->begin.ept_pointer)
      .set("provenance", trace::name_of(found->provenance))
      .set("first", found->first)
      .set("references", std::move(references))
      .set("from_memory", found->from(trace::Source::memory))
      .set("from_caches", found->from(trace::Source::paging_structure_cache))
      .set("from_tlb", found->from(trace::Source::tlb));
  if (found->end) {
    table.set("outcome", trace::name_of(static_cast<trace::WalkOutcome>(found->end->outcome)))
        .set("page_level", found->end->page_level)
        .set("gpa", address(found->end->gpa))
        .set("hpa", address(found->end->hpa))
        .set("error_code", found->end->error_code);
  }
  call.give(std::move(table));
  return {};
}

// ---- vmcs, tlb, exits
// ------------------------------------------------------------------------------------------------
std::string_view teller(views::FieldToldBy told_by) {
  switch (told_by) {
    case views::FieldToldBy::monitor_wrote:
      return "monitor_wrote";
    case views::FieldToldBy::monitor_read:
      return "monitor_read";
    case views::FieldToldBy::exit_reported:
      break;
  }
  return "exit_reported";
}

Result<> vmcs(Invocation& call) {
  Table table;
  const auto view = folded<views::VmcsView>(call);
  for (const auto& [encoding, field] : view.fields()) {
    Table row;
    row.set("value", field.value).set("seq", field.sequence).set("told_by", teller(field.told_by));
    row.set("encoding", encoding);
    table.set(field.name, std::move(row));
  }
  call.give(std::move(table));
  return {};
}

Result<> tlb(Invocation& call) {
  Table list;
  const auto view = folded<views::TlbView>(call);
  for (const auto& [place, entry] : view.entries()) {
    Table row;
    row.set("set", place.first)
        .set("way", place.second)
        .set("gva", entry.fill.gva)
        .set("gpa", address(entry.fill.gpa))
        .set("hpa", address(entry.fill.hpa))
        .set("page_level", entry.fill.page_level)
        .set("writable", entry.fill.writable != 0)
        .set("user", entry.fill.user != 0)
        .set("executable", entry.fill.executable != 0)
        .set("global", entry.fill.global != 0)
        .set("dirty", entry.fill.dirty != 0)
        .set("vpid", entry.fill.vpid)
        .set("pcid", entry.fill.pcid)
        .set("seq", entry.sequence);
    list.push(std::move(row));
  }
  call.give(std::move(list));
  return {};
}

Result<> exits(Invocation& call) {
  Table list;
  const auto view = folded<views::ExitsView>(call);
  for (const views::ExitRow& exit : view.vm_exits()) {
    Table row;
    row.set("reason", exit.reason).set("count", exit.count).set("cost", exit.cost).set("first", exit.first);
    list.push(std::move(row));
  }
  call.give(std::move(list));
  return {};
}

Result<> console(Invocation& call) {
  call.give(folded<views::ConsoleView>(call).text);
  return {};
}

// ---- registers -----------------------------------------------------------------------------------------------------
// From the last keyframe while nothing has retired since; otherwise by running the lane again, where that can be done.
Result<> registers(Invocation& call) {
  const auto view = folded<views::RegistersView>(call);
  const auto event = source_of(call).at(sequence_of(call));
  const u64 retired = event ? event->stamp().retired : trace::unknown_number;
  std::optional<arch::CpuState> state;
  if (view.keyframe() && retired == view.keyframe_retired() && retired != trace::unknown_number) {
    state = view.keyframe();
  } else if (retired != trace::unknown_number) {
    call.charge(1'000'000);
    const auto again = session::registers_at(source_of(call), retired);
    if (!again) {
      call.give_nil();
      call.give(again.error().sentence);
      return {};
    }
    state = *again;
  }
  if (!state) {
    call.give_nil();
    call.give("between its exits the registers of a kvm lane are unknown");
    return {};
  }
  Table table;
  for (unsigned number = 0; number < metal::handled_registers; ++number)
    table.set(metal::name_of_register(number), *metal::register_in(*state, number));
  call.give(std::move(table));
  return {};
}

}  // namespace

const ClassRow& PositionObject::lua_class() {
  static const ClassRow row = {
      "Position",
      "A moment of a trace: what stood after an event. Its methods are the views that `trapline show` prints.",
      {{"seq", "integer", "the event's number", seq},
       {"trace", "Trace", "the trace", trace_of},
       {"event", "Event?", "the event itself", event}},
      {{"walk",
        {},
        "table?",
        "The page walk that the event belongs to, or the last before it: gva, gpa, hpa, outcome, page_level, "
        "error_code, references (list of dimension, level, for_level, source, entry_gpa, entry_hpa, value), "
        "from_memory, from_caches, from_tlb.",
        walk},
       {"vmcs", {}, "table<string, table>", "Fields as the trace has told them: value, seq, told_by.", vmcs},
       {"tlb", {}, "table[]", "The entries of the modelled TLB.", tlb},
       {"exits", {}, "table[]", "VM exits so far by reason: reason, count, cost, first.", exits},
       {"console", {}, "string", "What the guest had printed.", console},
       {"registers", {}, "table?, string?", "The registers; or nil and why they cannot be known.", registers}},
      nullptr,
      nullptr,
      nullptr,
      ""};
  return row;
}

}  // namespace trapline::lua
