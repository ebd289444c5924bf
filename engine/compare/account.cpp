// Each kind of event knows here which measures it adds to; everything else adds up.
#include "compare/account.h"

#include <algorithm>

#include "views/paravirtual.h"
#include "views/words.h"

namespace trapline::compare {

namespace {

using enum Sight;
constexpr MeasureInfo table[] = {
#define MEASURE(name, title, level, kvm, capability) \
  {Measure::name, #name, title, trace::Level::level, kvm, #capability},
#include "compare/measures.def"
#undef MEASURE
};
static_assert(std::size(table) == measure_count);

std::array<Addition, 2> one(Measure measure, std::string text = {}) { return {Addition{measure, 1, std::move(text)}}; }

std::string trap_word(const trace::RecordedEvent& event, const trace::Trap& trap) {
  if (trap.trap_kind == static_cast<u8>(trace::TrapKind::exception))
    return "exception " + views::word_of(event, "vector");
  return views::word_of(event, "trap_kind");
}

std::string level_word(u8 level) {
  static constexpr const char* names[] = {"in a frame not yet a table", "PT", "PD", "PDPT", "PML4"};
  return level < std::size(names) ? names[level] : "level " + std::to_string(level);
}

// What a frame is used for matters to the account where it becomes a page table, or no longer is one.
std::array<Addition, 2> of_frame(const trace::RecordedEvent& event, const trace::FrameType& frame) {
  using views::is_page_table;
  if (is_page_table(frame.now) && !is_page_table(frame.was))
    return one(Measure::tables_made, views::word_of(event, "now"));
  if (is_page_table(frame.was) && !is_page_table(frame.now))
    return one(Measure::tables_released, views::word_of(event, "was"));
  return {};
}

std::array<Addition, 2> of_memory(const trace::RecordedEvent& event) {
  switch (*event.kind()) {
    case trace::Kind::walk_begin: {
      auto result = one(Measure::walks);
      if (event.stamp().provenance == trace::Provenance::derived) result[1] = {Measure::walks_derived, 1, {}};
      return result;
    }
    case trace::Kind::walk_ref:
      return one(Measure::walk_references,
                 views::word_of(event, "dimension") + (event.stamp().provenance == trace::Provenance::derived
                                                           ? ", derived"
                                                           : " from " + views::word_of(event, "source")));
    case trace::Kind::tlb_miss:
      return one(Measure::tlb_misses);
    case trace::Kind::tlb_fill:
      return one(Measure::tlb_fills);
    case trace::Kind::tlb_evict:
      return one(Measure::tlb_evictions);
    case trace::Kind::tlb_flush:
      return one(Measure::tlb_flushes, views::word_of(event, "cause"));
    case trace::Kind::tlb_hit:
      return one(Measure::tlb_hits);
    case trace::Kind::shadow_fill:
      return one(Measure::shadow_filled, views::word_of(event, "space"));
    case trace::Kind::shadow_sync:
      return {Addition{Measure::shadow_synced, 1, {}},
              Addition{Measure::shadow_zapped, event.as<trace::ShadowSync>()->zapped, "with a synced entry"}};
    case trace::Kind::shadow_zap:
      return {Addition{Measure::shadow_zapped, event.as<trace::ShadowZap>()->entries, views::word_of(event, "cause")}};
    case trace::Kind::page_table_update:
      return one(Measure::table_updates, level_word(event.as<trace::PageTableUpdate>()->level));
    case trace::Kind::frame_type:
      return of_frame(event, *event.as<trace::FrameType>());
    default:
      return {};
  }
}

}  // namespace

std::span<const MeasureInfo> measures() { return table; }
const MeasureInfo& info_of(Measure measure) { return table[static_cast<std::size_t>(measure)]; }

trace::KindSet counted_kinds(const trace::EventSource& source) {
  return source
      .kinds<trace::VmExit, trace::Trap, trace::UserExit, trace::Emulation, trace::FaultReflected, trace::Exception,
             trace::Interrupt, trace::PortIo, trace::Console, trace::VmcsRead, trace::VmcsWrite, trace::BlockTranslated,
             trace::BlockInvalidated, trace::VirtioDescriptor, trace::VirtioAvailPublish, trace::VirtioNotify,
             trace::VirtioPop, trace::VirtioUsedPublish, trace::WalkBegin, trace::WalkReference, trace::TlbMiss,
             trace::TlbFill, trace::TlbEvict, trace::TlbFlush, trace::TlbHit, trace::ShadowFill, trace::ShadowSync,
             trace::ShadowZap, trace::Hypercall, trace::HypercallRefused, trace::Upcall, trace::EventChannel,
             trace::PageTableUpdate, trace::FrameType>();
}

std::array<Addition, 2> additions_of(const trace::RecordedEvent& event) {
  if (!event.kind()) return {};
  switch (*event.kind()) {
    case trace::Kind::vm_exit:
      return one(Measure::vm_exits, views::word_of(event, "reason"));
    case trace::Kind::trap:
      return one(Measure::traps, trap_word(event, *event.as<trace::Trap>()));
    case trace::Kind::user_exit:
      return one(Measure::user_exits, views::word_of(event, "reason"));
    case trace::Kind::emulation:
      return one(Measure::emulated, views::word_of(event, "instruction"));
    case trace::Kind::fault_reflected:
      return one(Measure::faults_reflected, views::word_of(event, "vector"));
    case trace::Kind::exception:
      return one(Measure::exceptions, views::word_of(event, "vector"));
    case trace::Kind::interrupt:
      if (event.as<trace::Interrupt>()->phase != static_cast<u8>(trace::InterruptPhase::delivered)) return {};
      return one(Measure::interrupts);
    case trace::Kind::marker:
      return one(Measure::markers);
    case trace::Kind::hypercall:
      return one(Measure::hypercalls, views::word_of(event, "number"));
    case trace::Kind::hypercall_refused:
      return one(Measure::hypercalls_refused, views::word_of(event, "rule"));
    case trace::Kind::upcall:
      return one(Measure::upcalls, views::word_of(event, "reason"));
    case trace::Kind::event_channel:
      if (event.as<trace::EventChannel>()->phase != static_cast<u8>(trace::ChannelPhase::delivered)) return {};
      return one(Measure::events_delivered, views::channel_name(event.as<trace::EventChannel>()->channel));
    case trace::Kind::port_io:
      return one(Measure::port_io, views::word_of(event, "access"));
    case trace::Kind::console:
      return one(Measure::console_bytes);
    case trace::Kind::vmcs_read:
      return one(Measure::vmcs_reads);
    case trace::Kind::vmcs_write:
      return one(Measure::vmcs_writes);
    case trace::Kind::block_translated:
      return {Addition{Measure::blocks_translated, 1, {}},
              Addition{Measure::instructions_translated, event.as<trace::BlockTranslated>()->instructions, {}}};
    case trace::Kind::block_invalidated:
      return {Addition{Measure::blocks_invalidated, event.as<trace::BlockInvalidated>()->blocks,
                       views::word_of(event, "reason")}};
    case trace::Kind::virtio_descriptor:
    case trace::Kind::virtio_avail_publish:
    case trace::Kind::virtio_notify:
    case trace::Kind::virtio_pop:
    case trace::Kind::virtio_used_publish:
      return one(Measure::ring_transitions, std::string(event.kind_name()));
    default:
      return of_memory(event);
  }
}

void Account::add(const Addition& addition) {
  if (addition.measure == Measure::count_ || addition.count == 0) return;
  const auto index = static_cast<std::size_t>(addition.measure);
  counts_[index] += addition.count;
  if (!addition.word.empty()) words_[index][addition.word] += addition.count;
}

u64 Account::of(Measure measure, std::string_view word) const {
  const auto& words = words_[static_cast<std::size_t>(measure)];
  const auto found = words.find(word);
  return found == words.end() ? 0 : found->second;
}

}  // namespace trapline::compare
