#include "visualizer/rows/registers_rows.h"

#include "spec/msrs.h"
#include "spec/words.h"
#include "views/registers.h"
#include "views/told_registers.h"
#include "visualizer/rows/bounded.h"

namespace trapline::window {

namespace {

using views::SubjectKind;
constexpr u64 unknown = trace::unknown_number;

constexpr const char* general_names[] = {"RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
                                         "R8",  "R9",  "R10", "R11", "R12", "R13", "R14", "R15"};

// A whole state and how much it is worth.
struct Known {
  RegistersFrom from = RegistersFrom::nowhere;
  std::optional<arch::CpuState> state;
  std::optional<arch::CpuState> before;  // at the previous stop
  u64 since = 0;                         // events from here on tell more than it does
};

trace::KindSet stops(const trace::EventSource& source) {
  return source.kinds<trace::VmExit, trace::Trap, trace::UserExit>();
}

// Guest instructions may have run between two events where one of these lies between them.
bool may_have_run(const trace::EventSource& source, u64 from, u64 to) {
  const auto last = source.last_before(
      source.kinds<trace::VmEntry, trace::UserExit, trace::Trap, trace::Gap, trace::Instruction>(), to + 1);
  return last && *last > from;
}

// The earlier moment first: the lane goes on from there to the later one.
void run_there(RegistersRows& rows, Known& known, const Lane& lane, const Interrupt& interrupt,
               const RegistersAt& run_again) {
  std::optional<arch::CpuState> before;
  const auto stop = rows.previous_stop ? lane.source().at(*rows.previous_stop) : std::nullopt;
  if (stop && stop->stamp().retired != unknown)
    if (const auto state = run_again(lane, stop->stamp().retired, interrupt)) before = *state;
  if (interrupt) return;
  const auto state = run_again(lane, *rows.retired, interrupt);
  if (!state) {
    rows.trouble = state.error().sentence;
    return;
  }
  known.from = RegistersFrom::run_again;
  known.state = *state;
  known.before = before;
}

Known find_state(RegistersRows& rows, Lane& lane, u64 at, const Interrupt& interrupt, const RegistersAt& run_again) {
  Known known;
  const trace::EventSource& source = lane.source();
  const auto* const view = lane.after<views::RegistersView>(at, interrupt);
  if (view == nullptr) return known;
  const bool has_keyframe = view->keyframe().has_value();
  if (has_keyframe) {
    rows.keyframe = known.since = view->keyframe_sequence();
    known.state = view->keyframe();
    const bool counted = rows.retired && view->keyframe_retired() != unknown;
    if (counted && *rows.retired >= view->keyframe_retired()) rows.age = *rows.retired - view->keyframe_retired();
    const bool exact = counted ? *rows.retired == view->keyframe_retired() : !may_have_run(source, rows.keyframe, at);
    known.from = exact ? RegistersFrom::keyframe : RegistersFrom::stale;
  }
  const bool can_run = rows.retired && !rows.on_kvm && !interrupt;
  if (can_run && known.from != RegistersFrom::keyframe) run_there(rows, known, lane, interrupt, run_again);
  return known;
}

RegisterRow row_of(const Known& known, std::string name, u64 value, u64 before, views::Subject subject = {},
                   std::optional<spec::FieldForm> form = std::nullopt) {
  RegisterRow row{.name = std::move(name), .subject = subject, .form = form};
  row.known = known.state.has_value();
  row.stale = known.from == RegistersFrom::stale;
  row.value = value;
  row.changed = row.known && known.before && value != before;
  if (row.known && form) row.parts = parts_of(*form, value, known.before ? std::optional(before) : std::nullopt);
  return row;
}

// A value that one event told, newer than the whole state.
void tell(RegisterRow& row, u64 value, u64 sequence) {
  row.known = row.subject.kind != SubjectKind::control_register || row.subject.value != 2 || value != unknown;
  row.stale = false;
  row.value = value;
  row.told_at = sequence;
  if (row.form && row.known) row.parts = parts_of(*row.form, value, std::nullopt);
}

void add_general(RegistersRows& rows, const Known& known) {
  const arch::CpuState state = known.state.value_or(arch::CpuState{}), before = known.before.value_or(state);
  for (unsigned i = 0; i < 16; ++i) {
    const views::Subject subject{SubjectKind::linear, state.gpr[i]};
    rows.general.push_back(row_of(known, general_names[i], state.gpr[i], before.gpr[i], subject));
  }
  rows.general.push_back(row_of(known, "RIP", state.rip, before.rip, {SubjectKind::linear, state.rip}));
  rows.rflags = row_of(known, "RFLAGS", state.rflags, before.rflags, {}, spec::FieldForm::rflags);
}

void add_control(RegistersRows& rows, const Known& known) {
  const arch::CpuState state = known.state.value_or(arch::CpuState{}), before = known.before.value_or(state);
  const auto cr = [](u64 number) { return views::Subject{SubjectKind::control_register, number}; };
  const auto msr = [](spec::MsrIndex index) { return views::Subject{SubjectKind::msr, static_cast<u64>(index)}; };
  using spec::FieldForm;
  using spec::MsrIndex;
  rows.control.push_back(row_of(known, "CR0", state.cr0, before.cr0, cr(0), FieldForm::cr0));
  rows.control.push_back(row_of(known, "CR2", state.cr2, before.cr2, cr(2)));
  rows.control.push_back(row_of(known, "CR3", state.cr3, before.cr3, cr(3), FieldForm::cr3));
  rows.control.push_back(row_of(known, "CR4", state.cr4, before.cr4, cr(4), FieldForm::cr4));
  rows.control.push_back(row_of(known, "CR8", state.cr8, before.cr8, cr(8)));
  rows.control.push_back(
      row_of(known, "IA32_EFER", state.efer, before.efer, msr(MsrIndex::IA32_EFER), FieldForm::efer));
  rows.control.push_back(row_of(known, "IA32_STAR", state.star, before.star, msr(MsrIndex::IA32_STAR)));
  rows.control.push_back(row_of(known, "IA32_LSTAR", state.lstar, before.lstar, msr(MsrIndex::IA32_LSTAR)));
  rows.control.push_back(row_of(known, "IA32_FMASK", state.sfmask, before.sfmask, msr(MsrIndex::IA32_FMASK)));
  rows.control.push_back(row_of(known, "IA32_KERNEL_GS_BASE", state.kernel_gs_base, before.kernel_gs_base,
                                msr(MsrIndex::IA32_KERNEL_GS_BASE)));
}

void add_segments(RegistersRows& rows, const Known& known) {
  const arch::CpuState state = known.state.value_or(arch::CpuState{}), before = known.before.value_or(state);
  const bool is_known = known.state.has_value(), stale = known.from == RegistersFrom::stale;
  const auto add = [&](const char* name, const arch::Segment& now, const arch::Segment& was) {
    std::string rights = "unusable";
    if (!now.unusable()) {
      rights = std::string(segment_type(now.access_rights)) + ", DPL " + std::to_string(now.dpl());
      if (now.long_mode()) rights += ", L";
    }
    rows.segments.push_back(
        {name, is_known, !(now == was), stale, true, now.selector, now.base, now.limit, std::move(rights)});
  };
  constexpr const char* names[] = {"ES", "CS", "SS", "DS", "FS", "GS"};
  for (const unsigned i : {arch::cs, arch::ss, arch::ds, arch::es, arch::fs, arch::gs})
    add(names[i], state.segments[i], before.segments[i]);
  add("LDTR", state.ldtr, before.ldtr);
  add("TR", state.tr, before.tr);
  const auto table = [&](const char* name, const arch::TableRegister& now, const arch::TableRegister& was) {
    rows.segments.push_back({name, is_known, !(now == was), stale, false, 0, now.base, now.limit, {}});
  };
  table("GDTR", state.gdtr, before.gdtr);
  table("IDTR", state.idtr, before.idtr);
}

RegisterRow* row_for(RegistersRows& rows, const views::Subject& subject) {
  for (RegisterRow& row : rows.control)
    if (row.subject.kind == subject.kind && row.subject.value == subject.value) return &row;
  return nullptr;
}

// What single events tell: of registers where the whole state is older than they are, or is not known.
void add_told(RegistersRows& rows, const Known& known, const views::ToldRegistersView& told) {
  if (known.from == RegistersFrom::run_again || known.from == RegistersFrom::keyframe) return;
  for (const auto& [number, value] : told.control_registers())
    if (RegisterRow* const row = row_for(rows, {SubjectKind::control_register, number});
        row != nullptr && (!known.state || value.sequence > known.since))
      tell(*row, value.value, value.sequence);
  for (const auto& [index, value] : told.msrs()) {
    const views::Subject subject{SubjectKind::msr, index};
    if (known.state && value.sequence <= known.since) continue;
    if (RegisterRow* const row = row_for(rows, subject)) tell(*row, value.value, value.sequence);
  }
}

// RIP as the event under the cursor has it; a trap tells where the metal was, which may be translated code.
void add_rip(RegistersRows& rows, const Known& known, const trace::RecordedEvent& event) {
  if (known.from == RegistersFrom::run_again || known.from == RegistersFrom::keyframe) return;
  const auto rip = event.is<trace::Trap>() ? std::nullopt : event.field("rip");
  RegisterRow& row = rows.general.back();
  if (rip && *rip != unknown) {
    tell(row, *rip, event.sequence());
    row.subject = {SubjectKind::linear, *rip};
  }
}

}  // namespace

RegistersRows registers_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt,
                             const RegistersAt& run_again) {
  RegistersRows rows;
  Lane* const lane = lanes.at(question.at.lane);
  if (lane == nullptr) return rows;
  const u64 at = bounded(*lane, question.at.sequence);
  const auto event = lane->source().at(at);
  if (!event) return rows;
  const LaneFacts& facts = lane->facts();
  rows.on_kvm = facts.on_kvm();
  for (const trace::Technique technique : {trace::Technique::full, trace::Technique::para})
    if (facts.technique_is(technique)) rows.technique = technique;
  if (event->stamp().retired != unknown) rows.retired = event->stamp().retired;
  rows.previous_stop = lane->source().last_before(stops(lane->source()), at);
  Known known = find_state(rows, *lane, at, interrupt, run_again);
  // Of a machine that cannot be run again an old state says nothing about general registers.
  if (rows.on_kvm && known.from == RegistersFrom::stale) known = {RegistersFrom::nowhere, {}, {}, known.since};
  rows.from = known.from;
  add_general(rows, known);
  add_control(rows, known);
  add_segments(rows, known);
  const auto* const told = lane->after<views::ToldRegistersView>(at, interrupt);
  if (told == nullptr) return rows;
  add_told(rows, known, *told);
  add_rip(rows, known, *event);
  return rows;
}

}  // namespace trapline::window
