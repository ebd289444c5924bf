// The EPT at a moment, as a tree: a row for each table, and one for each run of alike entries in it.
#pragma once

#include "views/table_memory.h"
#include "visualizer/model/desk.h"

namespace trapline::window {

enum class EptRowKind : u8 {
  table,     // an entry that leads to a table, which follows it one level deeper
  page,      // pages that lie side by side on both sides, with the same rights
  unmapped,  // entries that are not present
  unknown,   // nobody has told what stands there
};

struct EptRow {
  EptRowKind kind = EptRowKind::unmapped;
  u8 level = 0;           // of the entries: 4 to 1
  u64 gpa = 0, last = 0;  // first and last byte of the range
  u64 hpa = 0;            // page: where the first one lies; table: of the table
  u64 entries = 0;        // how many entries the row stands for
  u64 place = 0;          // of the first entry
  u64 value = 0;          // of the first entry
  u64 mapped = 0;         // table: pages that are mapped below it
  std::string rights;     // of the entry alone
  std::string memory_type;
  bool accessed = false, dirty = false;
  u64 written_by = 0;     // the last event that wrote one of the entries; 0: none since they are watched
  bool changed = false;   // since the last stop; of a table: it or something below it
  bool followed = false;  // holds the address that is looked for

  unsigned depth() const { return 4U - level; }
};

struct EptRows {
  std::string nothing;  // why there is no tree
  u64 ept_pointer = 0;
  bool flags = false;        // accessed and dirty flags are enabled
  u64 looked_for = 0;        // a guest-physical address, unknown for none
  std::vector<EptRow> rows;  // in the order of the tree
  u64 pages = 0;             // mapped in all
  bool cut = false;          // more rows than a reader could want
};

EptRows ept_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt);

}  // namespace trapline::window
