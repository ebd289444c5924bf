// The EPT dimension of a walk: one guest-physical address to its frame, by cache or by tables, and why it may not.
#include "mmu/walk.h"

namespace trapline::mmu {

using trace::Source;

class Walk::EptReader : public EntryReader {
 public:
  EptReader(Walk& walk, Need need) : walk_(walk), need_(need) {}

  bool read_entry(unsigned level, u64 address, u64& entry) override {
    entry = walk_.load_entry(Hpa(address), memory::mark::ept_table);
    walk_.emit_ept_reference(level, Source::memory, need_, Hpa(address), entry);
    return true;
  }

 private:
  Walk& walk_;
  Need need_;
};

bool Walk::to_host(Gpa address, Need need, Physical& out) {
  if (!state_.ept_pointer) {
    out.hpa = Hpa(address.value);
    return true;
  }
  if (from_cache(address, need, out)) return true;
  const auto found = mmu_.ept_structures_.find(ept_tag(), address.value);
  if (found.structure) {
    const CachedStructure& cached = *found.structure;
    emit_ept_reference(found.level, Source::paging_structure_cache, need, Hpa::unknown(), cached.entry);
    if (walk_ept({found.level - 1, cached.table, cached.gathered}, address, need, out)) return true;
    outcome_ = Outcome::translated;  // the cache may be stale: only the root decides
  }
  return walk_ept({4, *state_.ept_pointer & ept::pointer_address, {}}, address, need, out);
}

bool Walk::from_cache(Gpa address, Need need, Physical& out) {
  const TlbEntry* found = mmu_.guest_physical_.find(ept_tag(), address.value);
  if (!found) return false;
  const bool clean = need.dirties && state_.ept_access_flags() && !found->dirty;
  if ((found->ept_rights & need.rights) != need.rights || clean) {
    mmu_.guest_physical_.remove(mmu_.guest_physical_.place_of(*found));
    return false;
  }
  out = {Hpa(found->hpa + (address.value - found->page)), found->level, found->ept_rights, found->dirty};
  emit_ept_reference(found->level, Source::tlb, need, Hpa::unknown(), found->leaf);
  return true;
}

bool Walk::walk_ept(const WalkStart& start, Gpa address, Need need, Physical& out) {
  EptReader reader(*this, need);
  const TableWalk walk = walk_tables(mmu_.ept_format_, start, address.value, reader);
  const u64 granted = walk.last().gathered.all & ept::rights;
  if (walk.status == WalkStatus::malformed) return ept_misconfiguration(address);
  if (walk.status == WalkStatus::not_present) return ept_violation(address, need, 0);
  if ((granted & need.rights) != need.rights) return ept_violation(address, need, granted);
  out = {Hpa(walk.target), walk.level, static_cast<u8>(granted), true};
  if (state_.ept_access_flags()) {
    out.dirty = need.dirties || (walk.last().entry & ept::dirty);
    set_ept_flags(walk, start.level, need.dirties);
  }
  remember_ept(walk, start.level, address, out);
  return true;
}

// SDM vol. 3, "Accessed and Dirty Flags for EPT".
void Walk::set_ept_flags(const TableWalk& walk, unsigned first_level, bool dirty) {
  for (unsigned level = first_level; level >= walk.level; --level) {
    const WalkStep& step = walk.steps[level];
    const u64 flags = ept::accessed | (dirty && level == walk.level ? ept::dirty : 0);
    if ((step.entry & flags) != flags) or_into_entry(Hpa(step.address), flags);
  }
}

void Walk::remember_ept(const TableWalk& walk, unsigned first_level, Gpa address, const Physical& page) {
  for (unsigned level = first_level; level > walk.level; --level) {
    const WalkStep& step = walk.steps[level];
    const u64 table = next_address(EntryKind::table, level, step.entry);
    ept_structures_.add({level,
                         {.prefix = page_of(address.value, level),
                          .entry = step.entry,
                          .table = table,
                          .table_hpa = table,
                          .gathered = step.gathered,
                          .tag = ept_tag(),
                          .valid = true}});
  }
  TlbEntry entry;
  entry.page = entry.gpa = page_of(address.value, walk.level);
  entry.hpa = page_of(page.hpa.value, walk.level);
  entry.leaf = walk.last().entry;
  entry.tag = ept_tag();
  entry.ept_rights = page.rights;
  entry.level = entry.guest_level = walk.level;
  entry.dirty = page.dirty;
  entry.valid = true;
  guest_physical_.add(entry);
}

bool Walk::ept_misconfiguration(Gpa address) {
  outcome_ = Outcome::ept_misconfiguration;
  exit_.qualification = 0;
  exit_.gpa = address;
  return false;
}

// SDM vol. 3, "Exit Qualification for EPT Violations". Bits 2:0 the access, 5:3 what all entries grant, 7 the linear
// address is valid (always, here), 8 the access was to the translation of the linear address, not to a guest's table.
bool Walk::ept_violation(Gpa address, Need need, u64 granted) {
  outcome_ = Outcome::ept_violation;
  exit_.qualification = need.rights | granted << 3 | bit(7) | (need.is_final ? bit(8) : 0);
  exit_.gpa = address;
  return false;
}

}  // namespace trapline::mmu
