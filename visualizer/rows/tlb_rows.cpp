#include "visualizer/rows/tlb_rows.h"

#include <algorithm>

#include "base/address.h"
#include "visualizer/rows/last_stop.h"
#include "visualizer/words/words.h"

namespace trapline::window {

namespace {

// The lab's machine has 16 sets of 4 ways; a trace does not say so, but it never shows less.
constexpr u16 usual_sets = 16, usual_ways = 4;
constexpr u16 most_sets = 64, most_ways = 16;

std::string rights_of(const trace::TlbFill& entry) {
  return {'r',
          entry.writable ? 'w' : '-',
          entry.executable ? 'x' : '-',
          entry.user ? 'u' : '-',
          entry.global ? 'g' : '-',
          entry.dirty ? 'd' : '-'};
}

unsigned page_shift(u8 level) { return level >= 1 && level <= 3 ? 12 + 9 * (level - 1) : 12; }

void measure(TlbRows& rows, const views::TlbView& view) {
  rows.sets = usual_sets;
  rows.ways = usual_ways;
  const auto widen = [&](const std::pair<u16, u16>& place) {
    while (rows.sets <= place.first && rows.sets < most_sets) rows.sets = static_cast<u16>(rows.sets * 2);
    while (rows.ways <= place.second && rows.ways < most_ways) rows.ways = static_cast<u16>(rows.ways * 2);
  };
  for (const auto& [place, entry] : view.entries()) widen(place);
  for (const auto& [place, departure] : view.departures()) widen(place);
  rows.slots.resize(static_cast<std::size_t>(rows.sets) * rows.ways);
}

TlbSlotRow* slot_of(TlbRows& rows, const std::pair<u16, u16>& place) {
  if (place.first >= rows.sets || place.second >= rows.ways) return nullptr;
  return &rows.slots[static_cast<std::size_t>(place.first) * rows.ways + place.second];
}

void take_slots(TlbRows& rows, const views::TlbView& view) {
  for (const auto& [place, departure] : view.departures()) {
    TlbSlotRow* const slot = slot_of(rows, place);
    if (slot == nullptr) continue;
    slot->state = departure.way == views::TlbDeparture::Way::evicted ? SlotState::evicted : SlotState::flushed;
    slot->fill = departure.last;
    slot->sequence = departure.sequence;
    slot->cause = departure.cause;
  }
  for (const auto& [place, entry] : view.entries()) {
    TlbSlotRow* const slot = slot_of(rows, place);
    if (slot == nullptr) {
      ++rows.left_out;
      continue;
    }
    slot->state = SlotState::filled;
    slot->fill = entry.fill;
    slot->sequence = entry.sequence;
  }
}

bool translates(const TlbSlotRow& slot, u64 gva) {
  return slot.state == SlotState::filled && (slot.fill.gva ^ gva) >> page_shift(slot.fill.page_level) == 0;
}

void mark(TlbRows& rows, const Question& question, u64 stop) {
  const views::Subject& subject = question.subject;
  const bool linear = subject.kind == views::SubjectKind::linear;
  for (std::size_t i = 0; i < rows.slots.size(); ++i) {
    TlbSlotRow& slot = rows.slots[i];
    const u64 name = static_cast<u64>(i / rows.ways) << 16 | i % rows.ways;
    slot.followed = linear ? translates(slot, subject.value)
                           : subject.kind == views::SubjectKind::tlb_slot && subject.value == name;
    if (slot.state == SlotState::never) continue;
    slot.rights = rights_of(slot.fill);
    slot.here = slot.sequence == question.at.sequence;
    slot.changed = slot.sequence > stop;
    if (slot.state == SlotState::filled) slot.age = question.at.sequence - slot.sequence;
  }
  if (!linear) return;
  // Small pages and large ones of the same address stand in different sets.
  for (const u8 level : {u8{1}, u8{2}}) {
    const u16 set = static_cast<u16>((subject.value >> page_shift(level)) % rows.sets);
    if (std::find(rows.followed_sets.begin(), rows.followed_sets.end(), set) == rows.followed_sets.end())
      rows.followed_sets.push_back(set);
  }
}

std::string why_nothing(const LaneFacts& facts, const Words& words) {
  if (facts.on_kvm()) return std::string(words(Text::tlb_kvm));
  if (facts.header && !facts.records(trace::Level::mmu)) return std::string(words(Text::tlb_not_recorded));
  return "";
}

}  // namespace

TlbRows tlb_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt) {
  TlbRows rows;
  Lane* const lane = lanes.at(question.at.lane);
  if (lane == nullptr) return rows;
  rows.nothing = why_nothing(lane->facts(), Words(question.language));
  if (!rows.nothing.empty()) return rows;
  const auto* view = lane->after<views::TlbView>(question.at.sequence, interrupt);
  if (view == nullptr) return rows;
  measure(rows, *view);
  take_slots(rows, *view);
  mark(rows, question, last_stop_before(*lane, question.at.sequence));
  rows.flushes.assign(view->last_flushes().rbegin(), view->last_flushes().rend());
  rows.misses = view->misses();
  rows.fills = view->fills();
  rows.evictions = view->evictions();
  rows.flushed = view->flushed_entries();
  return rows;
}

}  // namespace trapline::window
