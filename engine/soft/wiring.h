// Sizes and costs of the processor's parts, the same behind both doors.
#pragma once

#include "cpu/cpu.h"
#include "metal/metal.h"
#include "mmu/mmu.h"
#include "soft/costs.h"
#include "soft/defects.h"
#include "vmx/capabilities.h"

namespace trapline::soft {

inline cpu::Tuning cpu_tuning(const Costs& costs, const Defects& defects, const cpu::Tuning& sizes) {
  cpu::Tuning result = sizes;
  result.executes_as = defects.executes_as;
  result.cycles_per_instruction = costs[spec::Cost::instruction];
  result.cycles_per_delivery = costs[spec::Cost::exception_delivery];
  return result;
}

inline mmu::MmuOptions mmu_options(const metal::HardwareOptions& options, const vmx::Capabilities& capabilities,
                                   const Defects& defects) {
  return {options.tlb_sets, options.tlb_ways, options.paging_structure_caches, capabilities.physical_address_bits,
          !defects.loses_dirty_flags};
}

// Instructions between two looks at kick(): a guest that spins can be interrupted, and nothing on the trace tells.
inline constexpr u64 slice = 1 << 20;

}  // namespace trapline::soft
