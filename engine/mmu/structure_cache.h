// Paging-structure caches: PML4E, PDPTE and PDE caches (SDM vol. 3, "Paging-Structure Caches"; for EPT and for combined
// mappings, "VMX Support for Address Translation"). An entry for level L and an address's upper bits says where the
// table of level L - 1 lies, and what all entries down to L grant.
//
// Fully associative per level, replaced in turn; hits change nothing.
#pragma once

#include <span>
#include <vector>

#include "mmu/tlb.h"

namespace trapline::mmu {

struct CachedStructure {
  u64 prefix = 0;     // first linear (or guest-physical) address that it serves
  u64 entry = 0;      // the entry of its level, as it was read
  u64 table = 0;      // where the next table lies, as the entry says
  u64 table_hpa = 0;  // and in host-physical memory
  Gathered gathered;
  Tag tag;
  u8 table_rights = 7;  // what EPT grants to the next table's page
  bool valid = false;
  friend bool operator==(const CachedStructure&, const CachedStructure&) = default;
};

class StructureCache {
 public:
  // Entries per level 4, 3 and 2; all 0 for none.
  StructureCache(unsigned pml4es, unsigned pdptes, unsigned pdes);

  struct Found {
    unsigned level = 0;
    const CachedStructure* structure = nullptr;
  };
  // The lowest level that is cached for this address; nothing found: structure is null.
  Found find(const Tag& tag, u64 address) const;
  void fill(unsigned level, const CachedStructure& structure);
  u32 drop(const Selection& selection);
  void clear();

  void save(std::vector<std::byte>& into) const;
  bool restore(std::span<const std::byte>& from);

 private:
  struct Level {
    std::vector<CachedStructure> entries;
    u16 next = 0;
  };
  Level& at(unsigned level) { return levels_[level - 2]; }
  const Level& at(unsigned level) const { return levels_[level - 2]; }

  std::array<Level, 3> levels_;  // of levels 2, 3, 4
};

}  // namespace trapline::mmu
