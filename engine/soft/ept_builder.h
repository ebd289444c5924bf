// Builds extended page tables in host-physical memory, one 4 KiB mapping at a time (SDM vol. 3, "The Extended Page
// Table Mechanism (EPT)"). Every store is a table_write of the monitor's on the trace.
#pragma once

#include "memory/host_memory.h"
#include "soft/frames.h"

namespace trapline::soft {

class EptBuilder {
 public:
  // Takes a frame for the empty PML4.
  EptBuilder(memory::HostMemory& memory, FrameAllocator& frames);

  // The EPTP to put into the VMCS: 4-level walk, write-back tables, no accessed and dirty flags.
  u64 pointer() const;

  enum class Mapped : u8 { new_page, changed_page, no_frame };  // no_frame: the monitor has none left for a table
  // Maps one page. `rights`: 1 read, 2 write, 4 execute.
  Mapped map(Gpa page, Hpa frame, unsigned rights = 7);

 private:
  std::optional<Hpa> table_below(Hpa entry);

  memory::HostMemory& memory_;
  FrameAllocator& frames_;
  Hpa root_;
};

}  // namespace trapline::soft
