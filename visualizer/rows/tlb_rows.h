// The modelled TLB at a moment, as sets and ways: what is in each slot, since when, and what emptied an empty one.
#pragma once

#include <vector>

#include "views/tlb.h"
#include "visualizer/model/desk.h"

namespace trapline::window {

enum class SlotState : u8 { filled, evicted, flushed, never };

struct TlbSlotRow {
  SlotState state = SlotState::never;
  trace::TlbFill fill;  // what is in it, or was last
  u64 sequence = 0;     // of what made it so; 0 for never
  u64 age = 0;          // filled: events since
  trace::FlushCause cause{};
  std::string rights;     // `rwxugd`, as the command line has them
  bool here = false;      // by the event under the cursor
  bool changed = false;   // since the last stop
  bool followed = false;  // the subject: this slot, or an address that it translates
};

struct TlbRows {
  std::string nothing;  // why there is nothing to show
  u16 sets = 0, ways = 0;
  std::vector<TlbSlotRow> slots;             // sets * ways, set by set
  std::vector<u16> followed_sets;            // where a linear address that is the subject would stand
  u64 left_out = 0;                          // slots outside the grid: of a trace that no machine of the lab's writes
  std::vector<views::TlbFlushView> flushes;  // the newest first
  u64 misses = 0, fills = 0, evictions = 0, flushed = 0;

  const TlbSlotRow& at(u16 set, u16 way) const { return slots[static_cast<std::size_t>(set) * ways + way]; }
};

TlbRows tlb_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt);

}  // namespace trapline::window
