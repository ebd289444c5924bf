#include "visualizer/rows/tables_rows.h"

#include <algorithm>

#include "base/address.h"
#include "base/hex.h"
#include "visualizer/rows/entry_words.h"
#include "visualizer/rows/last_stop.h"
#include "visualizer/words/words.h"

namespace trapline::window {

namespace {

using trace::Dimension;
using trace::Technique;

// ---- which address -----------------------------------------------------------------------------------------------
// The linear address that the event under the cursor speaks of.
std::optional<u64> address_of(const trace::RecordedEvent& event) {
  for (const std::string_view name : {"gva", "guest_linear", "address", "cr2"}) {
    const auto value = event.field(name);
    if (value && *value != unknown_address && (name != "guest_linear" || *value != 0)) return value;
  }
  return std::nullopt;
}

bool choose_address(TablesRows& rows, const Lane& lane, const Question& question, const views::TableMemory& memory,
                    const Words& words) {
  if (question.subject.kind == views::SubjectKind::linear) {
    rows.gva = question.subject.value;
    rows.why_gva = words(Text::tables_of_subject);
    return true;
  }
  const auto event = lane.source().at(question.at.sequence);
  const bool translates = event && !event->is<trace::TlbFlush>() && !event->is<trace::Keyframe>();
  if (const auto named = translates ? address_of(*event) : std::nullopt) {
    rows.gva = *named;
    rows.why_gva = words(Text::tables_of_event);
    return true;
  }
  rows.gva = memory.last_gva().value_or(0);
  rows.why_gva = words(Text::tables_of_walk);
  return memory.last_gva().has_value();
}

// ---- columns -----------------------------------------------------------------------------------------------------
class Columns {
 public:
  Columns(TablesRows& rows, const views::TableMemory& memory, const Question& question, u64 stop, const Words& words)
      : rows_(rows), memory_(memory), question_(question), stop_(stop), words_(words) {}

  // The column's walk, for what follows from where it leads.
  TableWalk add(Text title, Text meaning, TableKind kind, const char* register_name, std::optional<u64> root,
                u64 address) {
    TableColumn column = named(title, meaning);
    TableWalk walk;
    if (root) {
      column.root = std::string(register_name) + " " + hex_number(*root);
      walk = walk_tables(memory_, kind, *root, address);
      for (const TableStep& step : walk.steps) column.cells.push_back(cell(step, kind));
      column.result = result(walk, kind);
    } else {
      column.nothing = words_(Text::tables_no_root);
    }
    rows_.columns.push_back(std::move(column));
    return walk;
  }
  void add_empty(Text title, Text why) {
    TableColumn column = named(title, why);
    column.nothing = words_(why);
    rows_.columns.push_back(std::move(column));
  }

 private:
  TableColumn named(Text title, Text meaning) const {
    TableColumn column;
    column.title = words_(title);
    column.meaning = words_(meaning);
    return column;
  }

  std::string result(const TableWalk& walk, TableKind kind) const {
    if (walk.complete) {
      const bool guest = kind == TableKind::guest_by_ept || kind == TableKind::guest_by_page;
      return std::string(guest ? "GPA " : "HPA ") + hex_number(walk.address) + "  " + walk.rights;
    }
    const bool open = std::any_of(walk.steps.begin(), walk.steps.end(),
                                  [](const TableStep& step) { return step.state == TableStep::State::unknown; });
    return std::string(words_(open ? Text::tables_open : Text::tables_not_mapped));
  }

  TableCell cell(const TableStep& step, TableKind kind) const {
    TableCell cell;
    cell.ept = kind == TableKind::ept;
    cell.state = step.state;
    cell.level = step.level;
    cell.form = form_name(static_cast<u8>(cell.ept ? Dimension::ept : Dimension::guest), step.level);
    cell.gpa = step.gpa;
    cell.hpa = memory_.by_guest_address() ? unknown_address : step.place;
    if (step.state != TableStep::State::known) return cell;
    cell.value = step.entry.value;
    cell.before = step.entry.before;
    cell.bits = set_bits(cell.ept, step.level, cell.value);
    const std::string type = memory_type_of(cell.ept, step.level, cell.value);
    if (!type.empty()) cell.bits += " " + type;
    cell.rights = step.rights;
    cell.leads_nowhere = absent(cell.ept, cell.value);
    cell.written_by = step.entry.written_by;
    if (cell.written_by != 0) cell.writer = trace::name_of(step.entry.writer);
    cell.changed = std::max(cell.written_by, step.entry.watched_since) > stop_ && cell.written_by != 0;
    cell.followed = follows(cell);
    if (kind == TableKind::host) find_asked(cell);
    return cell;
  }
  bool follows(const TableCell& cell) const {
    const views::Subject& subject = question_.subject;
    const auto holds = [&](u64 address) {
      return address != unknown_address && subject.value >= address && subject.value < address + 8;
    };
    return (subject.kind == views::SubjectKind::guest_physical && holds(cell.gpa)) ||
           (subject.kind == views::SubjectKind::host_physical && holds(cell.hpa));
  }
  // The entry's guest-physical address is known where walks have named its page.
  void find_asked(TableCell& cell) const {
    for (const auto& [gpa, asked] : memory_.asked()) {
      if ((gpa ^ cell.hpa) & 0xfff || memory_.place_of(gpa) != cell.hpa) continue;
      cell.gpa = gpa;
      if (asked.value != cell.value) cell.asked = hex_number(asked.value);
    }
  }

  TablesRows& rows_;
  const views::TableMemory& memory_;
  const Question& question_;
  u64 stop_;
  const Words& words_;
};

std::optional<u64> shadow_root(const views::TableMemory& memory, trace::ShadowSpace space) {
  const auto guest = memory.guest_root();
  if (!guest) return std::nullopt;
  for (const auto& [key, root] : memory.shadow_roots())
    if ((key.first ^ *guest) >> 12 == 0 && key.second == static_cast<u8>(space)) return root;
  return std::nullopt;
}

void make_columns(TablesRows& rows, const LaneFacts& facts, const views::TableMemory& memory, Columns& columns) {
  const auto root = memory.guest_root();
  if (facts.on_kvm()) {
    columns.add(Text::tables_guest, Text::tables_guest_means, TableKind::guest_by_page, "CR3", root, rows.gva);
    columns.add_empty(Text::tables_host, Text::tables_host_kvm);
    rows.provenance = trace::Provenance::derived;
  } else if (facts.technique_is(Technique::full)) {
    columns.add(Text::tables_guest, Text::tables_guest_full, TableKind::guest_by_page, "CR3", root, rows.gva);
    columns.add(Text::tables_shadow_kernel, Text::tables_shadow_means, TableKind::host, "CR3",
                shadow_root(memory, trace::ShadowSpace::virtual_kernel), rows.gva);
    columns.add(Text::tables_shadow_user, Text::tables_shadow_means, TableKind::host, "CR3",
                shadow_root(memory, trace::ShadowSpace::virtual_user), rows.gva);
  } else if (facts.technique_is(Technique::para)) {
    columns.add(Text::tables_direct, Text::tables_direct_means, TableKind::host, "CR3", root, rows.gva);
    columns.add_empty(Text::tables_shadow, Text::tables_no_shadow_para);
  } else {
    const TableWalk guest =
        columns.add(Text::tables_guest, Text::tables_guest_means, TableKind::guest_by_ept, "CR3", root, rows.gva);
    if (guest.complete)
      columns.add(Text::tables_ept, Text::tables_ept_means, TableKind::ept, "EPTP", memory.ept_pointer(),
                  guest.address);
    else
      columns.add_empty(Text::tables_ept, Text::tables_no_gpa);
  }
}

}  // namespace

TablesRows tables_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt) {
  TablesRows rows;
  const Words words(question.language);
  Lane* const lane = lanes.at(question.at.lane);
  if (lane == nullptr) return rows;
  const LaneFacts& facts = lane->facts();
  if (facts.header && !facts.records(trace::Level::mmu)) {
    rows.nothing = words(Text::tables_not_recorded);
    return rows;
  }
  const auto* memory = lane->after<views::TableMemory>(question.at.sequence, interrupt);
  if (memory == nullptr) return rows;
  if (!choose_address(rows, *lane, question, *memory, words)) {
    rows.nothing = words(Text::tables_none_yet);
    return rows;
  }
  const u64 stop = last_stop_before(*lane, question.at.sequence);
  Columns columns(rows, *memory, question, stop, words);
  make_columns(rows, facts, *memory, columns);
  if (!interrupt) rows.edits = table_edits(*lane, rows, question, stop);
  return rows;
}

}  // namespace trapline::window
