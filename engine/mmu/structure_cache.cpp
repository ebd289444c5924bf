// Arrays small enough to be searched from end to end.
#include "mmu/structure_cache.h"

#include "mmu/bytes.h"

namespace trapline::mmu {

StructureCache::StructureCache(unsigned pml4es, unsigned pdptes, unsigned pdes) {
  at(4).entries.resize(pml4es);
  at(3).entries.resize(pdptes);
  at(2).entries.resize(pdes);
}

StructureCache::Found StructureCache::find(const Tag& tag, u64 address) const {
  for (unsigned level = 2; level <= 4; ++level) {
    const u64 prefix = page_of(address, level);
    for (const CachedStructure& structure : at(level).entries)
      if (structure.valid && structure.prefix == prefix && structure.tag == tag) return {level, &structure};
  }
  return {};
}

void StructureCache::fill(unsigned level, const CachedStructure& structure) {
  Level& where = at(level);
  if (where.entries.empty()) return;
  CachedStructure* free = nullptr;
  for (CachedStructure& other : where.entries) {
    if (!other.valid && !free) free = &other;
    if (!other.valid || other.prefix != structure.prefix || other.tag != structure.tag) continue;
    other = structure;
    return;
  }
  if (!free) {
    free = &where.entries[where.next];
    where.next = static_cast<u16>((where.next + 1U) % where.entries.size());
  }
  *free = structure;
}

u32 StructureCache::drop(const Selection& selection) {
  u32 dropped = 0;
  for (unsigned level = 2; level <= 4; ++level) {
    for (CachedStructure& structure : at(level).entries) {
      if (!structure.valid || !selection.has(structure.tag)) continue;
      if (selection.address && page_of(*selection.address, level) != structure.prefix) continue;
      structure = CachedStructure{};
      ++dropped;
    }
  }
  return dropped;
}

void StructureCache::clear() {
  for (Level& level : levels_) {
    level.entries.assign(level.entries.size(), CachedStructure{});
    level.next = 0;
  }
}

void StructureCache::save(std::vector<std::byte>& into) const {
  for (const Level& level : levels_) {
    put(into, static_cast<u32>(level.entries.size()), level.next);
    for (const CachedStructure& structure : level.entries)
      put(into, structure.prefix, structure.entry, structure.table, structure.table_hpa, structure.gathered.all,
          structure.gathered.any, structure.tag.ept, structure.tag.vpid, structure.tag.pcid, structure.table_rights,
          structure.valid);
  }
}

bool StructureCache::restore(std::span<const std::byte>& from) {
  for (Level& level : levels_) {
    u32 count = 0;
    if (!take(from, count, level.next) || count != level.entries.size()) return false;
    if (level.next != 0 && level.next >= count) return false;
    for (CachedStructure& structure : level.entries)
      if (!take(from, structure.prefix, structure.entry, structure.table, structure.table_hpa, structure.gathered.all,
                structure.gathered.any, structure.tag.ept, structure.tag.vpid, structure.tag.pcid,
                structure.table_rights, structure.valid))
        return false;
  }
  return true;
}

}  // namespace trapline::mmu
