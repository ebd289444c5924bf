// The guest dimension of a walk: down the guest's tables, judgement, accessed and dirty flags, the final page.
#include "mmu/walk.h"

#include <algorithm>

#include "mmu/permissions.h"

namespace trapline::mmu {

using trace::Dimension;
using trace::Source;

// Finds each entry's place in host memory (through EPT where there is one), then reads it.
class Walk::GuestReader : public EntryReader {
 public:
  GuestReader(Walk& walk, const CachedStructure* cached) : walk_(walk), cached_(cached) {}

  bool read_entry(unsigned level, u64 address, u64& entry) override {
    Physical physical;
    if (cached_) {  // the first table's place is known, and no dimension is needed to find it
      physical.hpa = Hpa(cached_->table_hpa) + (address - cached_->table);
      physical.rights = cached_->table_rights;
      cached_ = nullptr;
    } else if (!walk_.to_host(Gpa(address), table_access(level), physical)) {
      return false;
    }
    entry = walk_.load_entry(physical.hpa, walk_.state_.linear_tables == Dimension::shadow ? memory::mark::shadow_table
                                                                                           : memory::mark::guest_table);
    walk_.entry_hpas_[level] = physical.hpa;
    walk_.table_rights_[level] = physical.rights;
    walk_.emit_guest_reference(level, Source::memory, Gpa(address), physical.hpa, entry);
    return true;
  }

 private:
  // With accessed and dirty flags for EPT, reading a guest's table counts as a write (SDM vol. 3, "EPT Violations").
  Need table_access(unsigned level) const {
    const bool as_write = walk_.state_.ept_access_flags();
    return {static_cast<u8>(as_write ? ept::read | ept::write : ept::read), static_cast<u8>(level), false, as_write};
  }

  Walk& walk_;
  const CachedStructure* cached_;
};

Walk::Walk(Mmu& mmu, Gva address, arch::Access access, Privilege privilege)
    : mmu_(mmu), state_(mmu.state_), address_(address), access_(access), privilege_(privilege) {
  entry_hpas_.fill(Hpa::unknown());
}

Outcome Walk::run(u64 parent) {
  exit_.walk = mmu_.bus_.stamp().cause;
  exit_.gva = address_;
  emit_begin(parent);
  if (state_.paging())
    walk_linear();
  else
    finish_without_tables();
  mmu_.cycles_ += references_ * mmu_.costs_.walk_reference;
  if (outcome_ == Outcome::translated) fill_caches();
  emit_end();
  return outcome_;
}

void Walk::walk_linear() {
  const auto found = mmu_.linear_structures_.find(linear_tag(), address_.value);
  if (found.structure) {
    const CachedStructure& cached = *found.structure;
    emit_guest_reference(found.level, Source::paging_structure_cache, Gpa::unknown(), Hpa::unknown(), cached.entry);
    if (attempt({found.level - 1, cached.table, cached.gathered}, &cached)) return;
    forget_what_was_read();
  }
  attempt({4, bits(state_.cr3, 51, 12) << 12, {}}, nullptr);
}

void Walk::forget_what_was_read() {
  outcome_ = Outcome::translated;
  entry_ = TlbEntry{};
  entry_hpas_.fill(Hpa::unknown());
  linear_structures_.count = ept_structures_.count = guest_physical_.count = 0;
}

bool Walk::attempt(const WalkStart& start, const CachedStructure* cached) {
  GuestReader reader(*this, cached);
  const TableWalk guest = walk_tables(mmu_.guest_formats_[state_.no_execute()], start, address_.value, reader);
  if (!judge(guest) || !set_flags(guest) || !finish(guest)) return false;
  for (unsigned level = start.level; level > guest.level; --level) {
    const WalkStep& step = guest.steps[level];
    linear_structures_.add({level,
                            {.prefix = page_of(address_.value, level),
                             .entry = step.entry | arch::pte::accessed,
                             .table = next_address(EntryKind::table, level, step.entry),
                             .table_hpa = entry_hpas_[level - 1].page().value,
                             .gathered = step.gathered,
                             .tag = linear_tag(),
                             .table_rights = table_rights_[level - 1],
                             .valid = true}});
  }
  return true;
}

bool Walk::judge(const TableWalk& guest) {
  switch (guest.status) {
    case WalkStatus::broken_off:
      return false;  // EPT has said why
    case WalkStatus::not_present:
      page_fault(FaultReason::not_present);
      return false;
    case WalkStatus::malformed:
      page_fault(FaultReason::reserved_bit);
      return false;
    case WalkStatus::page:
      break;
  }
  guest_level_ = guest.level;
  entry_.rights = PageRights::of(guest.last().gathered);
  if (permits(state_, entry_.rights, access_, privilege_)) return true;
  page_fault(FaultReason::no_right);
  return false;
}

void Walk::page_fault(FaultReason reason) {
  outcome_ = Outcome::fault;
  fault_ = arch::page_fault(page_fault_error(state_, reason, access_, privilege_), address_.value);
}

// SDM vol. 3, "Accessed and Dirty Flags": set in every entry used, the dirty flag in the one that maps the page.
bool Walk::set_flags(const TableWalk& guest) {
  for (unsigned level = 4; level >= guest.level; --level) {
    if (!entry_hpas_[level].known()) continue;  // skipped by a cache, which holds only entries that were accessed
    const bool dirties = level == guest.level && access_ == arch::Access::write && mmu_.options_.sets_dirty_flags;
    if (!set_flag_in(guest, level, arch::pte::accessed | (dirties ? arch::pte::dirty : 0))) return false;
  }
  entry_.dirty = (guest.last().entry & arch::pte::dirty) || access_ == arch::Access::write;
  return true;
}

bool Walk::set_flag_in(const TableWalk& guest, unsigned level, u64 flags) {
  const WalkStep& step = guest.steps[level];
  if ((step.entry & flags) == flags) return true;
  if (!(table_rights_[level] & ept::write)) {
    // The update is a data write, and EPT must allow it. What a cache says of that may be stale.
    Physical physical;
    const Need need{ept::write, static_cast<u8>(level), false, false};
    if (!to_host(Gpa(step.address), need, physical)) return false;
  }
  or_into_entry(entry_hpas_[level], flags);
  return true;
}

bool Walk::finish(const TableWalk& guest) {
  gpa_ = Gpa(guest.target);
  entry_.global = (guest.last().entry & arch::pte::global) && (state_.cr4 & arch::cr4::pge);
  return finish_without_tables();
}

// From the final guest-physical address on: also all there is to do while paging is off.
bool Walk::finish_without_tables() {
  if (!state_.paging()) gpa_ = Gpa(address_.value);
  const bool write = access_ == arch::Access::write;
  const u8 right = write ? ept::write : access_ == arch::Access::execute ? ept::execute : ept::read;
  Physical physical;
  if (!to_host(gpa_, {right, 0, true, write}, physical)) return false;
  hpa_ = physical.hpa;
  entry_.level = state_.paging() ? std::min(guest_level_, physical.level) : physical.level;
  entry_.guest_level = state_.paging() ? guest_level_ : entry_.level;
  entry_.page = page_of(address_.value, entry_.level);
  entry_.gpa = page_of(gpa_.value, entry_.level);
  entry_.hpa = page_of(hpa_.value, entry_.level);
  entry_.tag = linear_tag();
  entry_.ept_rights = physical.rights;
  entry_.dirty = entry_.dirty && physical.dirty;
  entry_.valid = true;
  if (state_.tables_hold_host_addresses()) name_page_by_owner();
  return true;
}

// Such tables know no guest-physical addresses; the frame's owner does.
void Walk::name_page_by_owner() {
  gpa_ = owned_address(hpa_);
  entry_.gpa = gpa_.known() && entry_.level == 1 ? gpa_.page().value : unknown_address;
}

Gpa Walk::owned_address(Hpa hpa) const {
  const Gpa owner = mmu_.memory_.contains(hpa, 1) ? mmu_.memory_.owner_of(hpa.page_number()) : Gpa::unknown();
  return owner.known() ? owner + hpa.page_offset() : owner;
}

// What lies outside the machine reads as all ones, which is no good entry in either format.
u64 Walk::load_entry(Hpa entry, u8 mark) {
  ++references_;
  if (!mmu_.memory_.contains(entry, 8)) return ~0ULL;
  mmu_.mark_table(entry, mark);
  return mmu_.memory_.read(entry, 8);
}

// Read again before it is written: tables may lie within one another.
void Walk::or_into_entry(Hpa entry, u64 flags) {
  if (!mmu_.memory_.contains(entry, 8)) return;
  mmu_.memory_.write(entry, 8, mmu_.memory_.read(entry, 8) | flags, trace::Writer::walker);
}

void Walk::fill_caches() {
  if (!mmu_.options_.paging_structure_caches) return;
  const auto ignore = [](const TlbEntry&, Tlb::Place) {};
  for (unsigned index = 0; index < linear_structures_.count; ++index)
    mmu_.linear_structures_.fill(linear_structures_.items[index].level, linear_structures_.items[index].structure);
  for (unsigned index = 0; index < ept_structures_.count; ++index)
    mmu_.ept_structures_.fill(ept_structures_.items[index].level, ept_structures_.items[index].structure);
  for (unsigned index = 0; index < guest_physical_.count; ++index)
    mmu_.guest_physical_.fill(guest_physical_.items[index], ignore);
}

}  // namespace trapline::mmu
