// A paging-structure entry in few letters, for every view that shows one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/integers.h"
#include "base/language.h"

namespace trapline::window {

struct EntryBit {
  std::string_view name;  // short: P W U A D PS G XD, R W X
  bool set = false;
  Sentence meaning;
  u8 bit = 0;
};

// The bits of an entry that a reader asks about, low to high; none for a level that does not exist.
std::vector<EntryBit> entry_bits(bool ept, unsigned level, u64 value);
// `WB`, `UC`, or the number; empty for an entry without a memory type of its own.
std::string memory_type_of(bool ept, unsigned level, u64 value);
// The letters of the set bits: "P W A".
std::string set_bits(bool ept, unsigned level, u64 value);
// `rwxu`, EPT `rwx`, from the bits that all entries have and those that any has; a missing right is `-`.
std::string rights_text(bool ept, u64 all, u64 any);
// "PDE", "EPT PTE", "shadow PML4E"; `?` for what does not exist. By trace::Dimension.
std::string form_name(u8 dimension, unsigned level);
// An entry that leads nowhere.
inline bool absent(bool ept, u64 value) { return (value & (ept ? 7 : 1)) == 0; }
// It maps a page rather than a table.
inline bool maps_page(unsigned level, u64 value) { return level == 1 || ((level == 2 || level == 3) && value & 0x80); }

}  // namespace trapline::window
