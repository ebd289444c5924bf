// Tables of four levels with 512 entries of eight bytes: what differs between guest paging and EPT, as constants.
//
// Levels are numbered 4 PML4, 3 PDPT, 2 PD, 1 PT. Sources: SDM vol. 3, "Linear-Address Translation with 4-Level Paging"
// (the format tables) and "EPT Translation Mechanism", "EPT Misconfigurations". Shadow tables are read by the same
// processor, so they have the guest's format. MAXPHYADDR and EFER.NXE are part of a format, since both reserve bits.
#pragma once

#include <array>

#include "base/bits.h"

namespace trapline::mmu {

// Bits of EPT entries (SDM vol. 3, "EPT Translation Mechanism").
namespace ept {
inline constexpr u64 read = bit(0), write = bit(1), execute = bit(2), large = bit(7), accessed = bit(8), dirty = bit(9);
inline constexpr u64 rights = read | write | execute;
inline constexpr u64 pointer_address = bit_mask(51, 12);
}  // namespace ept

struct TableFormat {
  u64 present;                           // an entry is present where any of these bits is set
  std::array<u64, 5> reserved_in_table;  // [level]: what must be 0 where the entry references a table
  std::array<u64, 5> reserved_in_page;   // [level]: what must be 0 where it maps a page
  u8 forbidden_rights;                   // bit n set: bits 2:0 of an entry must not have the value n
  u8 forbidden_memory_types;             // bit n set: bits 5:3 of an entry that maps a page must not have the value n
  u64 accessed;                          // the flags that the processor sets
  u64 dirty;
};

// `physical_bits` is MAXPHYADDR.
TableFormat guest_format(unsigned physical_bits, bool no_execute_enabled);
TableFormat ept_format(unsigned physical_bits);

enum class EntryKind : u8 {
  not_present,
  malformed,  // guest: a reserved bit is set; EPT: misconfigured
  table,
  page,
};

EntryKind classify(const TableFormat& format, unsigned level, u64 entry);

constexpr unsigned page_shift(unsigned level) { return 12 + 9 * (level - 1); }
constexpr u64 page_size(unsigned level) { return 1ULL << page_shift(level); }
constexpr u64 page_of(u64 address, unsigned level) { return address & ~(page_size(level) - 1); }
constexpr u64 table_index(u64 address, unsigned level) { return (address >> page_shift(level)) & 511; }
// Where an entry of this kind points.
constexpr u64 next_address(EntryKind kind, unsigned level, u64 entry) {
  return kind == EntryKind::page ? page_of(bits(entry, 51, 12) << 12, level) : bits(entry, 51, 12) << 12;
}

}  // namespace trapline::mmu
