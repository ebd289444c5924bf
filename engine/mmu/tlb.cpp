// A TLB as an array of sets, searched in the order of page sizes.
#include "mmu/tlb.h"

#include <cassert>

#include "mmu/bytes.h"

namespace trapline::mmu {

bool Selection::has(const Tag& tag) const {
  if (vpid && *vpid != tag.vpid) return false;
  if (ept && *ept != tag.ept) return false;
  if (contexts == Contexts::vpid_not_zero && tag.vpid == 0) return false;
  if (contexts == Contexts::with_ept && tag.ept == 0) return false;
  return !pcid || *pcid == tag.pcid;
}

bool Selection::has(const TlbEntry& entry) const {
  if (address && page_of(*address, entry.guest_level) != page_of(entry.page, entry.guest_level)) return false;
  if (!entry.global) return has(entry.tag);
  if (globals == Globals::spared) return false;
  Tag tag = entry.tag;
  if (globals == Globals::of_every_pcid && pcid) tag.pcid = *pcid;
  return has(tag);
}

Tlb::Tlb(unsigned sets, unsigned ways) : sets_(sets), ways_(ways), entries_(sets * ways), next_way_(sets) {
  assert(sets >= 1 && ways >= 1 && sets <= 4096 && ways <= 4096 && sets * ways <= 4096);
}

const TlbEntry* Tlb::find(const Tag& tag, u64 address) const {
  for (unsigned level = 1; level <= 3; ++level) {
    if (count_of_level_[level] == 0) continue;
    const u64 page = page_of(address, level);
    const u64 first = first_of_set(address, level);
    for (u64 index = first; index < first + ways_; ++index) {
      const TlbEntry& entry = entries_[index];
      if (!entry.valid || entry.page != page || entry.level != level) continue;
      if (entry.tag.vpid != tag.vpid || entry.tag.ept != tag.ept) continue;
      if (entry.global || entry.tag.pcid == tag.pcid) return &entry;
    }
  }
  return nullptr;
}

Tlb::Place Tlb::place_of(const TlbEntry& entry) const {
  const auto index = static_cast<u64>(&entry - entries_.data());
  return {static_cast<u16>(index / ways_), static_cast<u16>(index % ways_)};
}

unsigned Tlb::way_for(const TlbEntry& entry) const {
  const TlbEntry* set = &entries_[first_of_set(entry.page, entry.level)];
  unsigned free = ways_;
  for (unsigned way = 0; way < ways_; ++way) {
    const TlbEntry& other = set[way];
    if (!other.valid && free == ways_) free = way;
    if (!other.valid || other.page != entry.page || other.level != entry.level) continue;
    if (other.tag.vpid != entry.tag.vpid || other.tag.ept != entry.tag.ept) continue;
    if (other.tag.pcid == entry.tag.pcid || other.global || entry.global) return way;
  }
  return free;
}

Tlb::Place Tlb::fill(const TlbEntry& entry, const Leaving& leaving) {
  const u64 set = first_of_set(entry.page, entry.level) / ways_;
  unsigned way = way_for(entry);
  if (way == ways_) {
    way = next_way_[set];
    next_way_[set] = static_cast<u16>((way + 1) % ways_);
  }
  const Place place{static_cast<u16>(set), static_cast<u16>(way)};
  if (at(place).valid) {
    leaving(at(place), place);
    remove(place);
  }
  entries_[set * ways_ + way] = entry;
  ++count_of_level_[entry.level];
  return place;
}

void Tlb::put_away(TlbEntry& entry) {
  --count_of_level_[entry.level];
  entry = TlbEntry{};
}

void Tlb::remove(Place place) {
  assert(at(place).valid);
  put_away(entries_[place.set * ways_ + place.way]);
}

void Tlb::clear() {
  entries_.assign(entries_.size(), TlbEntry{});
  next_way_.assign(next_way_.size(), 0);
  count_of_level_ = {};
}

u32 Tlb::drop(const Selection& selection, const Leaving& leaving) {
  u32 dropped = 0;
  for (TlbEntry& entry : entries_) {
    if (!entry.valid || !selection.has(entry)) continue;
    leaving(entry, place_of(entry));
    put_away(entry);
    ++dropped;
  }
  return dropped;
}

void Tlb::save(std::vector<std::byte>& into) const {
  put(into, sets_, ways_);
  for (const TlbEntry& entry : entries_) {
    put(into, entry.page, entry.gpa, entry.hpa, entry.leaf, entry.tag.ept, entry.tag.vpid, entry.tag.pcid);
    put(into, entry.rights.writable, entry.rights.user, entry.rights.no_execute, entry.ept_rights, entry.level,
        entry.guest_level, entry.valid, entry.global, entry.dirty);
  }
  for (const u16 way : next_way_) put(into, way);
}

bool Tlb::restore(std::span<const std::byte>& from) {
  unsigned sets = 0, ways = 0;
  if (!take(from, sets, ways) || sets != sets_ || ways != ways_) return false;
  count_of_level_ = {};
  for (TlbEntry& entry : entries_) {
    bool whole =
        take(from, entry.page, entry.gpa, entry.hpa, entry.leaf, entry.tag.ept, entry.tag.vpid, entry.tag.pcid);
    whole = whole && take(from, entry.rights.writable, entry.rights.user, entry.rights.no_execute, entry.ept_rights,
                          entry.level, entry.guest_level, entry.valid, entry.global, entry.dirty);
    if (!whole || entry.level < 1 || entry.guest_level < entry.level || entry.guest_level > 3 || entry.ept_rights > 7)
      return false;
    if (entry.valid) ++count_of_level_[entry.level];
  }
  for (u16& way : next_way_)
    if (!take(from, way) || way >= ways_) return false;
  return true;
}

}  // namespace trapline::mmu
