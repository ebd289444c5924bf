// A moment of a trace: the same folds that `trapline show` prints, as tables.
#include "arch/cpu_state.h"
#include "lua/position_tables.h"
#include "lua/walk_object.h"
#include "views/console.h"
#include "views/exits.h"
#include "views/fold.h"
#include "views/registers.h"
#include "views/ring.h"
#include "views/shadow.h"
#include "views/tlb.h"
#include "views/vmcs.h"

namespace trapline::lua {
namespace {

// Folds what lies up to the moment, charged to the script.
template <typename View>
View fold(Invocation& call) {
  const PositionObject& position = call.self<PositionObject>();
  call.charge(position.sequence());
  return views::folded<View>(position.trace()->source(), position.sequence() + 1);
}

Result<> seq(Invocation& call) {
  call.give(call.self<PositionObject>().sequence());
  return {};
}

Result<> trace_of(Invocation& call) {
  call.give(call.self<PositionObject>().trace());
  return {};
}

Result<> event(Invocation& call) {
  const PositionObject& position = call.self<PositionObject>();
  const auto found = position.trace()->source().at(position.sequence());
  call.give(found ? event_value(position.trace(), *found) : Value());
  return {};
}

Result<> walk(Invocation& call) {
  const PositionObject& position = call.self<PositionObject>();
  auto view = views::walk_at(position.trace()->source(), position.sequence());
  if (!view)
    call.give_nil();
  else
    call.give(std::make_shared<WalkObject>(position.trace(), std::move(*view)));
  return {};
}

std::string_view teller(views::FieldToldBy by) {
  static constexpr std::string_view names[] = {"VMWRITE", "VMREAD", "VM exit"};
  return names[static_cast<u8>(by)];
}

Result<> vmcs(Invocation& call) {
  const auto view = fold<views::VmcsView>(call);
  Table fields;
  for (const auto& [encoding, field] : view.fields())
    fields.set(field.name, Table()
                               .set("value", field.value)
                               .set("seq", field.sequence)
                               .set("told_by", teller(field.told_by))
                               .set("encoding", encoding));
  call.give(std::move(fields));
  return {};
}

Result<> tlb(Invocation& call) {
  const auto view = fold<views::TlbView>(call);
  Table list;
  for (const auto& [place, entry] : view.entries()) {
    const trace::TlbFill& fill = entry.fill;
    Table row;
    row.set("set", place.first).set("way", place.second).set("gva", fill.gva).set("gpa", known(fill.gpa));
    row.set("hpa", fill.hpa).set("page_level", fill.page_level).set("writable", fill.writable != 0);
    row.set("user", fill.user != 0).set("executable", fill.executable != 0).set("global", fill.global != 0);
    row.set("dirty", fill.dirty != 0).set("vpid", fill.vpid).set("pcid", fill.pcid);
    row.set("ept_pointer", fill.ept_pointer).set("seq", entry.sequence);
    list.push(std::move(row));
  }
  call.give(std::move(list));
  return {};
}

Table exit_list(const std::vector<views::ExitRow>& rows) {
  Table list;
  for (const views::ExitRow& row : rows)
    list.push(Table().set("reason", row.reason).set("count", row.count).set("cost", row.cost).set("first", row.first));
  return list;
}

Result<> exits(Invocation& call) {
  call.give(exit_list(fold<views::ExitsView>(call).vm_exits()));
  return {};
}
Result<> user_exits(Invocation& call) {
  call.give(exit_list(fold<views::ExitsView>(call).user_exits()));
  return {};
}

Result<> console(Invocation& call) {
  call.give(fold<views::ConsoleView>(call).text);
  return {};
}

Result<> ring(Invocation& call) {
  call.give(ring_table(fold<views::RingView>(call)));
  return {};
}
Result<> shadow(Invocation& call) {
  call.give(shadow_table(fold<views::ShadowView>(call)));
  return {};
}

Table table_of(const arch::CpuState& state) {
  static constexpr std::string_view names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                               "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
  Table table;
  for (unsigned i = 0; i < 16; ++i) table.set(names[i], state.gpr[i]);
  table.set("rip", state.rip).set("rflags", state.rflags).set("cr0", state.cr0).set("cr2", state.cr2);
  table.set("cr3", state.cr3).set("cr4", state.cr4).set("efer", state.efer);
  return table;
}

// From a keyframe of the trace, or the lane run again: as show_registers does.
Result<> registers(Invocation& call) {
  const PositionObject& position = call.self<PositionObject>();
  const auto& source = position.trace()->source();
  const auto event = source.at(position.sequence());
  const u64 retired = event ? event->stamp().retired : trace::unknown_number;
  const auto view = fold<views::RegistersView>(call);
  const bool exact = view.keyframe() && (view.keyframe_sequence() == position.sequence() ||
                                         (retired != trace::unknown_number && view.keyframe_retired() == retired));
  if (exact) {
    call.give(table_of(*view.keyframe()));
    return {};
  }
  call.charge(retired == trace::unknown_number ? 0 : retired);
  const auto replay = position.trace()->replay();
  const auto replayed = replay ? (*replay)->at(retired) : Result<arch::CpuState>(replay.error());
  if (replayed) {
    call.give(table_of(*replayed));
    return {};
  }
  call.give_nil();
  call.give(replayed.error().sentence);
  return {};
}

Result<> text(Invocation& call) {
  call.give("position after event " + std::to_string(call.self<PositionObject>().sequence()));
  return {};
}

Result<> equal(Invocation& call) {
  const PositionObject &left = call.self<PositionObject>(), &right = *call.object<PositionObject>(0);
  call.give(left.trace() == right.trace() && left.sequence() == right.sequence());
  return {};
}

std::vector<FunctionRow> methods() {
  return {
      {"walk", {}, "Walk?", "The walk that this event belongs to, or the last one that began before it.", walk},
      {"vmcs", {}, "table<string, table>", "Field name to {value, seq, told_by, encoding}, as told so far.", vmcs},
      {"tlb", {}, "table[]", "The modelled TLB's entries, by set and way.", tlb},
      {"registers", {}, "table?, string?", "Register name to value; or nil and why they cannot be known.", registers},
      {"exits", {}, "table[]", "VM exits so far: {reason, count, cost, first}, the most frequent first.", exits},
      {"user_exits", {}, "table[]", "Returns to the monitor's user half so far, likewise.", user_exits},
      {"ring",
       {},
       "table[]",
       "The virtqueues: {queue, notifications, notifications_suppressed, descriptors, chains}, as the device saw them.",
       ring},
      {"shadow",
       {},
       "table[]",
       "Shadow entries: {guest_root, space, gva, gpa, hpa, value, writable, executable, seq, protected_by}.",
       shadow},
      {"console", {}, "string", "What the guest had printed.", console}};
}

}  // namespace

const ClassRow& PositionObject::lua_class() {
  static const ClassRow row = {"Position",
                               "A moment of a trace: after an event, all up to it included.",
                               {{"seq", "integer", "the event's number", seq},
                                {"event", "Event?", "the event", event},
                                {"trace", "Trace", "whose moment it is", trace_of}},
                               methods(),
                               nullptr,
                               text,
                               equal,
                               ""};
  return row;
}

}  // namespace trapline::lua
