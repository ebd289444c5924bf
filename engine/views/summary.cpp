// The summary is a fold of folds: the other views do the work, this one adds what is only counted.
#include "views/summary.h"

#include <algorithm>

#include "views/words.h"

namespace trapline::views {

trace::KindSet Summary::kinds(const trace::EventSource& source) {
  return ConsoleView::kinds(source) | ExitsView::kinds(source) | TlbView::kinds(source) |
         ParavirtualView::kinds(source) |
         source.kinds<trace::RunHeader, trace::RunEnd, trace::Marker, trace::Exception, trace::Interrupt, trace::Gap,
                      trace::WalkBegin, trace::WalkReference, trace::WalkEnd, trace::Trap, trace::Emulation,
                      trace::FaultReflected, trace::BlockTranslated, trace::BlockInvalidated, trace::ShadowFill,
                      trace::ShadowSync, trace::ShadowZap>();
}

void Summary::add(const trace::RecordedEvent& event) {
  if (event.stamp().retired != trace::unknown_number) retired = event.stamp().retired;
  tick = event.tick();
  console.add(event);
  exits.add(event);
  tlb.add(event);
  paravirtual.add(event);
  add_walk(event);
  add_deprivileged(event);
  if (const auto run = event.as<trace::RunHeader>()) {
    header = run;
    const auto blob = event.blob();
    header_json.assign(reinterpret_cast<const char*>(blob.data()), blob.size());
  }
  if (const auto run = event.as<trace::RunEnd>()) end = run;
  if (const auto marker = event.as<trace::Marker>(); marker && !marker->end) ++actions[word_of(event, "action")];
  if (event.is<trace::Exception>()) ++exceptions[word_of(event, "vector")];
  if (event.is<trace::Interrupt>()) ++interrupts[word_of(event, "phase")];
  if (event.is<trace::Gap>()) ++gaps;
}

void Summary::add_deprivileged(const trace::RecordedEvent& event) {
  DeprivilegedTotals& totals = deprivileged;
  if (const auto trap = event.as<trace::Trap>()) {
    const bool exception = trap->trap_kind == static_cast<u8>(trace::TrapKind::exception);
    ++totals.traps[word_of(event, exception ? "vector" : "trap_kind")];
  }
  if (event.is<trace::Emulation>()) ++totals.emulated[word_of(event, "instruction")];
  if (event.is<trace::FaultReflected>()) ++totals.reflected[word_of(event, "vector")];
  if (const auto block = event.as<trace::BlockTranslated>())
    ++totals.blocks, totals.instructions += block->instructions;
  if (const auto gone = event.as<trace::BlockInvalidated>()) totals.invalidated += gone->blocks;
  if (event.is<trace::ShadowFill>()) ++totals.shadow_filled;
  if (const auto sync = event.as<trace::ShadowSync>()) ++totals.shadow_synced, totals.shadow_zapped += sync->zapped;
  if (const auto zap = event.as<trace::ShadowZap>()) totals.shadow_zapped += zap->entries;
}

void Summary::add_walk(const trace::RecordedEvent& event) {
  if (event.is<trace::WalkBegin>()) {
    ++walks.walks;
    if (event.stamp().provenance == trace::Provenance::derived) ++walks.derived;
  }
  if (const auto reference = event.as<trace::WalkReference>()) {
    const auto source = static_cast<trace::Source>(reference->source);
    ++(source == trace::Source::memory ? walks.from_memory
       : source == trace::Source::tlb  ? walks.from_tlb
                                       : walks.from_caches);
  }
  if (const auto ended = event.as<trace::WalkEnd>()) {
    ++walks.outcomes[word_of(event, "outcome")];
    if (ended->outcome == static_cast<u8>(trace::WalkOutcome::translated)) {
      walks.fewest = std::min<u64>(walks.fewest, ended->references);
      walks.most = std::max<u64>(walks.most, ended->references);
    }
  }
}

}  // namespace trapline::views
