// What a walk says on the trace.
#include "mmu/walk.h"

namespace trapline::mmu {

using trace::Dimension;
using trace::Source;

void Walk::emit_begin(u64 parent) const {
  if (!mmu_.bus_.records(trace::Level::mmu)) return;
  trace::WalkBegin event;
  event.gva = address_.value;
  event.gpa = state_.paging() ? unknown_address : address_.value;
  event.access = static_cast<u8>(access_);
  event.user = privilege_ == Privilege::user;
  event.root = state_.paging() ? state_.cr3 : 0;
  event.ept_pointer = state_.ept_pointer.value_or(0);
  event.parent = parent;
  mmu_.bus_.emit(event);
}

void Walk::emit_guest_reference(unsigned level, Source source, Gpa gpa, Hpa hpa, u64 entry) const {
  if (!mmu_.bus_.records(trace::Level::mmu)) return;
  trace::WalkReference event;
  event.dimension = static_cast<u8>(state_.linear_tables);
  event.level = static_cast<u8>(level);
  event.source = static_cast<u8>(source);
  event.for_level = static_cast<u8>(level);
  event.entry_gpa = state_.tables_hold_host_addresses() ? owned_address(hpa).value : gpa.value;
  event.entry_hpa = hpa.value;
  event.value = entry;
  mmu_.bus_.emit(event);
}

void Walk::emit_ept_reference(unsigned level, Source source, Need need, Hpa hpa, u64 entry) const {
  if (!mmu_.bus_.records(trace::Level::mmu)) return;
  trace::WalkReference event;
  event.dimension = static_cast<u8>(Dimension::ept);
  event.level = static_cast<u8>(level);
  event.source = static_cast<u8>(source);
  event.for_level = need.for_level;
  event.entry_gpa = unknown_address;
  event.entry_hpa = hpa.value;
  event.value = entry;
  mmu_.bus_.emit(event);
}

void Walk::emit_end() const {
  if (!mmu_.bus_.records(trace::Level::mmu)) return;
  using trace::WalkOutcome;
  trace::WalkEnd event;
  event.references = references_;
  event.gva = address_.value;
  event.gpa = event.hpa = unknown_address;
  WalkOutcome outcome = WalkOutcome::translated;
  switch (outcome_) {
    case Outcome::translated:
      event.page_level = state_.paging() ? guest_level_ : entry_.level;
      event.gpa = gpa_.value;
      event.hpa = hpa_.value;
      break;
    case Outcome::fault:
      outcome = WalkOutcome::page_fault;
      event.error_code = fault_.error_code;
      break;
    case Outcome::ept_violation:
    case Outcome::ept_misconfiguration:
      outcome = outcome_ == Outcome::ept_violation ? WalkOutcome::ept_violation : WalkOutcome::ept_misconfiguration;
      event.gpa = exit_.gpa.value;
      event.error_code = static_cast<u32>(exit_.qualification);
      break;
    case Outcome::unsupported_paging:
      outcome = WalkOutcome::unknown;
      break;
  }
  event.outcome = static_cast<u8>(outcome);
  mmu_.bus_.emit(event);
}

}  // namespace trapline::mmu
