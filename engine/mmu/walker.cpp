// Level 1 holds nothing but pages, so the loop ends there at the latest.
#include "mmu/walker.h"

namespace trapline::mmu {

TableWalk walk_tables(const TableFormat& format, const WalkStart& start, u64 address, EntryReader& reader) {
  TableWalk walk;
  Gathered gathered = start.gathered;
  u64 table = start.table;
  for (unsigned level = start.level;; --level) {
    WalkStep& step = walk.steps[level];
    walk.level = static_cast<u8>(level);
    step.address = table + table_index(address, level) * 8;
    if (!reader.read_entry(level, step.address, step.entry)) return walk;
    gathered = {gathered.all & step.entry, gathered.any | step.entry};
    step.gathered = gathered;
    const EntryKind kind = classify(format, level, step.entry);
    switch (kind) {
      case EntryKind::not_present:
        walk.status = WalkStatus::not_present;
        return walk;
      case EntryKind::malformed:
        walk.status = WalkStatus::malformed;
        return walk;
      case EntryKind::page:
        walk.status = WalkStatus::page;
        walk.target = next_address(kind, level, step.entry) | (address & (page_size(level) - 1));
        return walk;
      case EntryKind::table:
        table = next_address(kind, level, step.entry);
    }
  }
}

}  // namespace trapline::mmu
