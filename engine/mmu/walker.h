// The one walker: down a tree of tables, one entry a level, for guest paging, EPT and shadow tables alike.
//
// It knows nothing of memory, caches or events: entries come from an EntryReader, which may find them through another
// walk (a guest's tables under EPT), may say where they come from on the trace, and may break the walk off. Nothing is
// judged here but what a single entry says of itself; rights are gathered for the caller to judge.
#pragma once

#include "mmu/table_format.h"

namespace trapline::mmu {

// Rights accumulate along a walk: a page is writable where all entries allow it, not executable where any forbids it.
struct Gathered {
  u64 all = ~0ULL;  // bits set in every entry
  u64 any = 0;      // bits set in at least one
  friend bool operator==(const Gathered&, const Gathered&) = default;
};

class EntryReader {
 public:
  virtual ~EntryReader() = default;
  // The entry of `level` at `address`, in the address space that the tables themselves point into. False breaks off.
  virtual bool read_entry(unsigned level, u64 address, u64& entry) = 0;
};

// Where a walk begins: the root, or lower where a paging-structure cache held what the upper levels say.
struct WalkStart {
  unsigned level = 4;
  u64 table = 0;
  Gathered gathered;
};

enum class WalkStatus : u8 { page, not_present, malformed, broken_off };

struct WalkStep {
  u64 address = 0;
  u64 entry = 0;
  Gathered gathered;  // up to and with this entry
};

struct TableWalk {
  WalkStatus status = WalkStatus::broken_off;
  u8 level = 0;                   // of the last entry looked at: for a page, the page's
  u64 target = 0;                 // what the address translates to, where status is page
  std::array<WalkStep, 5> steps;  // [level], from the start's level down to `level`

  const WalkStep& last() const { return steps[level]; }
};

TableWalk walk_tables(const TableFormat& format, const WalkStart& start, u64 address, EntryReader& reader);

}  // namespace trapline::mmu
