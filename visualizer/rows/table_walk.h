// Walks of paging structures as the trace has told them, for display: what is not known stays open, and nothing is
// judged by control registers.
#pragma once

#include <vector>

#include "views/table_memory.h"

namespace trapline::window {

struct TableStep {
  enum class State : u8 {
    known,    // the entry is shown
    unknown,  // nobody has told what stands there
    nowhere,  // an entry above leads nowhere, or maps a large page
  };
  State state = State::nowhere;
  u8 level = 0;
  u64 gpa = 0;    // of the entry, unknown for tables of the host's
  u64 place = 0;  // in TableMemory
  views::TableEntryView entry;
  std::string rights;  // what the entries down to here grant together
};

struct TableWalk {
  std::vector<TableStep> steps;  // levels 4 to 1
  bool complete = false;         // it leads to a page
  u64 address = 0;               // where it leads
  u8 page_level = 0;
  std::string rights;  // at its end
};

enum class TableKind : u8 {
  guest_by_ept,   // entries hold guest-physical addresses, found through EPT
  guest_by_page,  // ... found as walks have told (full, kvm)
  host,           // entries hold places: shadow tables, the tables of para
  ept,
};

TableWalk walk_tables(const views::TableMemory& memory, TableKind kind, u64 root, u64 address);

}  // namespace trapline::window
