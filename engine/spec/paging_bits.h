// The bits of paging-structure entries, for showing an entry in words (paging_bits.def).
#pragma once

#include <span>
#include <string_view>

#include "base/integers.h"
#include "base/language.h"

namespace trapline::spec {

// In the order of paging_bits.def.
enum class PagingEntry : u8 {
  pml4e,
  pdpte,
  pdpte_1g,
  pde,
  pde_2m,
  pte,
  ept_pml4e,
  ept_pdpte,
  ept_pdpte_1g,
  ept_pde,
  ept_pde_2m,
  ept_pte,
};
inline constexpr unsigned paging_entry_count = 12;

std::string_view name_of(PagingEntry entry);
// Which form an entry of `level` (4 PML4E to 1 PTE) has; the page-size bit of `value` decides at levels 3 and 2.
PagingEntry paging_entry_of(bool ept, unsigned level, u64 value);

struct PagingBits {
  PagingEntry entry;
  u8 high;
  u8 low;
  std::string_view name;  // the manual's; "0" reserved, "ignored", "address"
  Sentence meaning;
};

// The rows of one form, low to high, covering all 64 bits.
std::span<const PagingBits> paging_bits_of(PagingEntry entry);

}  // namespace trapline::spec
