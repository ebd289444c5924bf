#include "technique/full/shadow.h"

#include <cassert>

#include "mmu/table_format.h"

namespace trapline::technique::full {

namespace {

using arch::Access;
namespace pte = arch::pte;

constexpr u64 table_flags = pte::present | pte::writable | pte::user;

constexpr u8 bit_of(ShadowProtection as) { return static_cast<u8>(1 << static_cast<u8>(as)); }

mmu::Privilege privilege_in(ShadowSpace space) {
  return space == ShadowSpace::virtual_user ? mmu::Privilege::user : mmu::Privilege::supervisor;
}

}  // namespace

Shadow::Shadow(memory::GuestMemory& memory, metal::Deprivileged& door, trace::Bus& bus, unsigned physical_bits)
    : memory_(memory), door_(door), bus_(bus), physical_bits_(physical_bits) {}

// ---- roots and tables ----------------------------------------------------------------------------------------------
void Shadow::write_entry(Hpa place, u64 value) { door_.frames().write(place, value); }

void Shadow::set_fixed_entry(unsigned slot, u64 entry, In where) {
  fixed_.push_back({slot, entry, where});
  for (const Root& root : roots_)
    if (where == In::every_root || root.space == ShadowSpace::virtual_kernel) write_entry(root.table + slot * 8, entry);
}

std::size_t Shadow::find_or_make(u64 guest_root, ShadowSpace space) {
  for (std::size_t number = 0; number < roots_.size(); ++number)
    if (roots_[number].guest_root == guest_root && roots_[number].space == space) return number;
  std::optional<Hpa> table = door_.frames().take();
  if (!table) {
    zap_everything(trace::ZapCause::out_of_frames);
    table = door_.frames().take();
  }
  assert(table && "the pool of frames holds more than one root");
  roots_.push_back({guest_root, space, *table, {}, {}});
  for (const FixedEntry& fixed : fixed_)
    if (fixed.where == In::every_root || space == ShadowSpace::virtual_kernel)
      write_entry(*table + fixed.slot * 8, fixed.entry);
  return roots_.size() - 1;
}

metal::PageRoot Shadow::root_for(const mmu::PagingState& paging, ShadowSpace space) {
  const std::size_t root = find_or_make(paging.cr3 & pte::address, space);
  return {roots_[root].table.value, trace::Dimension::shadow};
}

std::optional<Hpa> Shadow::take_frame(std::size_t root) {
  const auto frame = door_.frames().take();
  if (frame) roots_[root].tables.push_back(*frame);
  return frame;
}

// Where the entry of level 1 for a linear page stands. Nothing where frames have run out.
std::optional<Hpa> Shadow::leaf_place(std::size_t root, Gva page) {
  Hpa table = roots_[root].table;
  for (unsigned level = 4; level > 1; --level) {
    const Hpa place = table + 8 * mmu::table_index(page.value, level);
    const u64 entry = door_.frames().read(place);
    if (entry & pte::present) {
      table = Hpa(entry & pte::address);
      continue;
    }
    const auto frame = take_frame(root);
    if (!frame) return std::nullopt;
    write_entry(place, frame->value | table_flags);
    table = *frame;
  }
  return table + 8 * mmu::table_index(page.value, 1);
}

// ---- faults --------------------------------------------------------------------------------------------------------
Shadow::Answer Shadow::on_fault(const mmu::PagingState& paging, ShadowSpace space, Gva address, Access access,
                                arch::Fault& fault) {
  mmu::GuestMemoryTables tables(memory_);
  const auto walk = mmu::trace_walk(bus_, tables, paging, physical_bits_, {address, access, privilege_in(space)});
  fault = walk.fault;
  door_.charge(spec::Cost::walk_reference, walk.references);
  if (walk.outcome == trace::WalkOutcome::unknown) return Answer::outside;
  if (walk.outcome != trace::WalkOutcome::translated) return Answer::true_fault;
  if (!memory_.host_address(walk.gpa)) return Answer::no_memory;
  std::size_t root = find_or_make(paging.cr3 & pte::address, space);
  note_uses(root, address, walk);
  if (access == Access::write && protected_.contains(walk.gpa.page().value)) return Answer::protected_page;
  mmu::set_accessed_and_dirty(memory_, walk, access);
  fill(root, paging, address, walk);
  return Answer::filled;
}

void Shadow::watch_tables(const mmu::PagingState& paging, ShadowSpace space, Gva address,
                          const mmu::DerivedWalk& walk) {
  note_uses(find_or_make(paging.cr3 & pte::address, space), address, walk);
}

// Every table on the way is watched from now on, before anything that follows from it is cached.
void Shadow::note_uses(std::size_t root, Gva address, const mmu::DerivedWalk& walk) {
  for (const mmu::DerivedWalk::Step& step : walk.path()) {
    const Gpa table = step.place.page();
    const u64 base = step.level == 4 ? 0 : mmu::page_of(address.value, step.level + 1);
    if (!uses_[table.value].insert({root, step.level, base}).second) continue;
    const auto frame = memory_.host_address(table);
    if (frame) memory_.host().add_mark(frame->page_number(), memory::mark::guest_table);
    protect(table, ShadowProtection::page_table);
  }
}

void Shadow::fill(std::size_t root, const mmu::PagingState& paging, Gva address, const mmu::DerivedWalk& walk) {
  const Gva page = address.page();
  const Gpa gpa = walk.gpa.page();
  auto place = leaf_place(root, page);
  if (!place) {
    const Root gone = roots_[root];
    zap_everything(trace::ZapCause::out_of_frames);
    root = find_or_make(gone.guest_root, gone.space);
    note_uses(root, address, walk);
    place = leaf_place(root, page);
    assert(place && "the pool of frames holds more than one walk");
  }
  const auto privilege = privilege_in(roots_[root].space);
  const u64 guest_entry = *memory_.load<u64>(walk.path().back().place);  // with the flags that are set since
  const bool writable = mmu::permits(paging, walk.rights, Access::write, privilege) && (guest_entry & pte::dirty) &&
                        !protected_.contains(gpa.value);
  u64 entry = door_.physical_of(gpa)->value | pte::present | pte::user;
  if (writable) entry |= pte::writable;
  if (!mmu::permits(paging, walk.rights, Access::execute, privilege)) entry |= pte::no_execute;
  write_entry(*place, entry);
  roots_[root].leaves[page.value] = {gpa, *place};
  leaves_of_page_[gpa.value].insert({root, page.value});
  // No invalidation: a page fault drops what the processor held of its address (SDM vol. 3, "Operations that Invalidate
  // TLBs and Paging-Structure Caches"), and nothing is held of a page that was not mapped.
  door_.charge(spec::Cost::shadow_entry);
  bus_.emit(trace::ShadowFill{static_cast<u8>(roots_[root].space), roots_[root].guest_root, page.value, gpa.value,
                              entry & pte::address, entry, guest_entry, walk.page_level});
}

// ---- protection ----------------------------------------------------------------------------------------------------
bool Shadow::is_protected(Gpa page, ShadowProtection as) const {
  const auto found = protected_.find(page.value);
  return found != protected_.end() && (found->second & bit_of(as));
}

void Shadow::protect(Gpa page, ShadowProtection as) {
  u8& bits = protected_[page.value];
  if (bits & bit_of(as)) return;
  bits |= bit_of(as);
  u32 changed = 0;
  for (const auto& [root, linear] : leaves_of_page_[page.value]) {
    const Hpa place = roots_[root].leaves.at(linear).entry;
    const u64 entry = door_.frames().read(place);
    if (!(entry & pte::writable)) continue;
    write_entry(place, entry & ~pte::writable);
    door_.invalidate_page(Gva(linear));
    door_.charge(spec::Cost::shadow_entry);
    ++changed;
  }
  bus_.emit(trace::ShadowProtect{page.value, static_cast<u8>(as), 1, changed});
}

// Entries get their write permission back on the next write's fault.
void Shadow::unprotect(Gpa page, ShadowProtection as) {
  const auto found = protected_.find(page.value);
  if (found == protected_.end() || !(found->second & bit_of(as))) return;
  found->second &= static_cast<u8>(~bit_of(as));
  if (found->second == 0) protected_.erase(found);
  bus_.emit(trace::ShadowProtect{page.value, static_cast<u8>(as), 0, 0});
}

void Shadow::for_each_leaf(const std::function<void(const ShadowLeaf&)>& visit) const {
  for (const Root& root : roots_)
    for (const auto& [linear, leaf] : root.leaves)
      visit({root.guest_root, root.space, Gva(linear), leaf.gpa, door_.frames().read(leaf.entry)});
}

}  // namespace trapline::technique::full
