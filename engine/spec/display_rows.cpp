// Rows that are shown rather than obeyed: costs, the support table, paging-structure entries.
#include <algorithm>
#include <cassert>

#include "base/bits.h"
#include "spec/costs.h"
#include "spec/paging_bits.h"
#include "spec/rows.h"
#include "spec/support.h"

namespace trapline::spec {
namespace {

constexpr GenerationInfo generation_table[] = {
    {Generation::nehalem, "Nehalem", 2009},
    {Generation::sandy_bridge, "Sandy Bridge", 2011},
    {Generation::skylake, "Skylake", 2015},
    {Generation::ice_lake, "Ice Lake", 2019},
};
static_assert(values_rise(generation_table) && std::size(generation_table) == generation_count);

constexpr CostInfo cost_table[] = {
#define COST(name, nehalem, sandy_bridge, skylake, ice_lake, basis, unit, source) \
  {Cost::name, #name, {nehalem, sandy_bridge, skylake, ice_lake}, CostBasis::basis, unit, source},
#include "spec/costs.def"
#undef COST
};
static_assert(values_rise(cost_table) && names_differ(cost_table));

constexpr SupportInfo support_table[] = {
#define SUPPORT(technique, metal, capability, status, english, chinese) \
  {#technique, #metal, #capability, SupportStatus::status, {english, chinese}},
#include "spec/support.def"
#undef SUPPORT
};

consteval bool support_rows_differ() {
  for (std::size_t i = 0; i < std::size(support_table); ++i)
    for (std::size_t j = i + 1; j < std::size(support_table); ++j)
      if (support_table[i].technique == support_table[j].technique &&
          support_table[i].metal == support_table[j].metal &&
          support_table[i].capability == support_table[j].capability)
        return false;
  return true;
}
static_assert(support_rows_differ());

constexpr PagingBits paging_table[] = {
#define PAGING_BITS(entry, high, low, name, english, chinese) {PagingEntry::entry, high, low, name, {english, chinese}},
#include "spec/paging_bits.def"
#undef PAGING_BITS
};

// Each form begins at bit 0, leaves no hole, ends at bit 63, and the forms follow each other in the enum's order.
consteval bool paging_rows_cover_every_bit() {
  unsigned next_bit = 0;
  unsigned form = 0;
  for (const PagingBits& row : paging_table) {
    if (static_cast<unsigned>(row.entry) != form || row.low != next_bit || row.high < row.low) return false;
    next_bit = row.high + 1U;
    if (next_bit == 64) {
      next_bit = 0;
      ++form;
    }
  }
  return next_bit == 0 && form == paging_entry_count;
}
static_assert(paging_rows_cover_every_bit());

}  // namespace

std::span<const GenerationInfo> generation_rows() { return generation_table; }
std::span<const CostInfo> cost_rows() { return cost_table; }
const CostInfo& info_of(Cost cost) { return cost_table[static_cast<u8>(cost)]; }

std::span<const SupportInfo> support_rows() { return support_table; }

std::string_view name_of(SupportStatus status) {
  switch (status) {
    case SupportStatus::supported:
      return "supported";
    case SupportStatus::modelled:
      return "modelled";
    case SupportStatus::refused:
      return "refused";
    case SupportStatus::unobservable:
      return "unobservable";
    case SupportStatus::not_built:
      return "not yet built";
  }
  return {};
}

const SupportInfo* find_support(std::string_view technique, std::string_view metal, std::string_view capability) {
  const auto found = std::find_if(std::begin(support_table), std::end(support_table), [&](const SupportInfo& row) {
    return row.technique == technique && row.metal == metal && row.capability == capability;
  });
  return found == std::end(support_table) ? nullptr : found;
}

std::string_view name_of(PagingEntry entry) {
  static constexpr std::string_view names[paging_entry_count] = {
      "PML4E",     "PDPTE",     "PDPTE (1-GByte page)",     "PDE",     "PDE (2-MByte page)",     "PTE",
      "EPT PML4E", "EPT PDPTE", "EPT PDPTE (1-GByte page)", "EPT PDE", "EPT PDE (2-MByte page)", "EPT PTE"};
  return names[static_cast<u8>(entry)];
}

PagingEntry paging_entry_of(bool ept, unsigned level, u64 value) {
  assert(level >= 1 && level <= 4);
  const bool large = has_bit(value, 7);
  PagingEntry entry = PagingEntry::pte;
  if (level == 4) entry = PagingEntry::pml4e;
  if (level == 3) entry = large ? PagingEntry::pdpte_1g : PagingEntry::pdpte;
  if (level == 2) entry = large ? PagingEntry::pde_2m : PagingEntry::pde;
  return ept ? static_cast<PagingEntry>(static_cast<u8>(entry) + static_cast<u8>(PagingEntry::ept_pml4e)) : entry;
}

std::span<const PagingBits> paging_bits_of(PagingEntry entry) {
  const auto [first, last] =
      std::equal_range(std::begin(paging_table), std::end(paging_table), entry, [](auto a, auto b) {
        const auto form = [](auto value) {
          if constexpr (std::is_same_v<decltype(value), PagingBits>)
            return value.entry;
          else
            return value;
        };
        return form(a) < form(b);
      });
  return {first, last};
}

}  // namespace trapline::spec
