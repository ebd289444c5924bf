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

  // Maps one page with read, write and execute permission. False where the monitor has no frame left for a table.
  bool map(Gpa page, Hpa frame);

 private:
  std::optional<Hpa> table_below(Hpa entry);

  memory::HostMemory& memory_;
  FrameAllocator& frames_;
  Hpa root_;
};

}  // namespace trapline::soft
