// SDM vol. 3, "EPT Translation Mechanism" and "Extended-Page-Table Pointer (EPTP)".
#include "visualizer/rows/ept_rows.h"

#include <algorithm>

#include "base/address.h"
#include "base/bits.h"
#include "visualizer/rows/entry_words.h"
#include "visualizer/rows/last_stop.h"
#include "visualizer/words/words.h"

namespace trapline::window {

namespace {

constexpr std::size_t most_rows = 4000;
constexpr unsigned most_tables = 1024;  // also of one that leads to itself
constexpr u64 address_mask = bit_mask(51, 12);

constexpr u64 bytes_of(unsigned level) { return 1ULL << (12 + 9 * (level - 1)); }

class Tree {
 public:
  Tree(EptRows& rows, const views::TableMemory& memory, u64 stop, const Interrupt& interrupt)
      : rows_(rows), memory_(memory), stop_(stop), interrupt_(interrupt) {}

  // What lies below a table: how many pages are mapped, and whether anything changed.
  struct Below {
    u64 pages = 0;
    bool changed = false;
  };
  Below table(u64 place, u8 level, u64 base) {
    Below below;
    if (++tables_ > most_tables || interrupt_) {
      rows_.cut = true;
      return below;
    }
    std::size_t run = no_run;
    for (u64 index = 0; index < 512 && !full(); ++index) {
      const EptRow row = row_of(place + 8 * index, level, base + index * bytes_of(level));
      if (run != no_run && joins(rows_.rows[run], row)) {
        join(rows_.rows[run], row);
      } else {
        run = rows_.rows.size();
        rows_.rows.push_back(row);
      }
      below.changed = below.changed || row.changed;
      if (row.kind == EptRowKind::page) ++below.pages;
      if (row.kind != EptRowKind::table) continue;
      const Below deeper = table(row.hpa, static_cast<u8>(level - 1), row.gpa);
      rows_.rows[run].mapped = deeper.pages;
      rows_.rows[run].changed = row.changed || deeper.changed;
      below.pages += deeper.pages;
      below.changed = below.changed || deeper.changed;
      run = no_run;
    }
    return below;
  }

 private:
  static constexpr std::size_t no_run = ~std::size_t{0};

  bool full() {
    if (rows_.rows.size() >= most_rows) rows_.cut = true;
    return rows_.cut;
  }

  EptRow row_of(u64 place, u8 level, u64 gpa) const {
    EptRow row;
    row.level = level;
    row.gpa = gpa;
    row.last = gpa + bytes_of(level) - 1;
    row.entries = 1;
    row.place = place;
    row.followed = rows_.looked_for != unknown_address && rows_.looked_for >= row.gpa && rows_.looked_for <= row.last;
    const auto entry = memory_.entry(place);
    if (!entry) {
      row.kind = EptRowKind::unknown;
      return row;
    }
    row.value = entry->value;
    row.written_by = entry->written_by;
    row.changed = entry->written_by > stop_;
    if (absent(true, entry->value)) return row;
    const bool page = maps_page(level, entry->value);
    row.kind = page ? EptRowKind::page : EptRowKind::table;
    row.hpa = entry->value & address_mask & (page ? ~(bytes_of(level) - 1) : ~0ULL);
    row.rights = rights_text(true, entry->value, entry->value);
    row.memory_type = memory_type_of(true, level, entry->value);
    row.accessed = entry->value >> 8 & 1;
    row.dirty = page && entry->value >> 9 & 1;
    return row;
  }

  // Alike, and side by side; what is looked for or has changed stands alone.
  static bool joins(const EptRow& run, const EptRow& next) {
    if (run.kind != next.kind || run.kind == EptRowKind::table || run.changed || next.changed) return false;
    if (run.kind != EptRowKind::page) return run.followed == next.followed;
    const bool beside = run.hpa + (next.gpa - run.gpa) == next.hpa;
    return beside && !run.followed && !next.followed && run.rights == next.rights &&
           run.memory_type == next.memory_type && run.accessed == next.accessed && run.dirty == next.dirty;
  }
  static void join(EptRow& run, const EptRow& next) {
    run.last = next.last;
    ++run.entries;
    run.written_by = std::max(run.written_by, next.written_by);
  }

  EptRows& rows_;
  const views::TableMemory& memory_;
  u64 stop_;
  const Interrupt& interrupt_;
  unsigned tables_ = 0;
};

std::string why_none(const LaneFacts& facts, const Words& words) {
  if (facts.on_kvm()) return std::string(words(Text::ept_kvm));
  if (facts.technique_is(trace::Technique::full)) return std::string(words(Text::ept_full));
  if (facts.technique_is(trace::Technique::para)) return std::string(words(Text::ept_para));
  if (facts.header && !facts.records(trace::Level::mmu)) return std::string(words(Text::tables_not_recorded));
  return "";
}

// The guest-physical address that is followed, else the one that the event under the cursor speaks of.
u64 address_looked_for(const Lane& lane, const Question& question) {
  if (question.subject.kind == views::SubjectKind::guest_physical) return question.subject.value;
  const auto event = lane.source().at(question.at.sequence);
  if (!event) return unknown_address;
  if (const auto exit = event->as<trace::VmExit>()) {
    const u32 reason = exit->reason & 0xffff;
    return reason == 48 || reason == 49 ? exit->guest_physical : unknown_address;  // EPT violation, misconfiguration
  }
  if (const auto end = event->as<trace::WalkEnd>()) return end->gpa;
  if (const auto fill = event->as<trace::TlbFill>()) return fill->gpa;
  return unknown_address;
}

}  // namespace

EptRows ept_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt) {
  EptRows rows;
  const Words words(question.language);
  Lane* const lane = lanes.at(question.at.lane);
  if (lane == nullptr) return rows;
  rows.nothing = why_none(lane->facts(), words);
  if (!rows.nothing.empty()) return rows;
  const auto* memory = lane->after<views::TableMemory>(question.at.sequence, interrupt);
  if (memory == nullptr) return rows;
  if (!memory->ept_pointer()) {
    rows.nothing = words(Text::ept_none_yet);
    return rows;
  }
  rows.ept_pointer = *memory->ept_pointer();
  rows.flags = rows.ept_pointer >> 6 & 1;
  rows.looked_for = address_looked_for(*lane, question);
  Tree tree(rows, *memory, last_stop_before(*lane, question.at.sequence), interrupt);
  rows.pages = tree.table(rows.ept_pointer & address_mask, 4, 0).pages;
  return rows;
}

}  // namespace trapline::window
