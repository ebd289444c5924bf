// What CPUID answers: on the modelled processor itself, and to a guest of the soft metal's kernel half.
//
// Only what the model really has is claimed (SDM vol. 2, "CPUID - CPU Identification"): there is no x87, no SSE and no
// local APIC, so their bits are 0, as on no real x86-64 processor.
#pragma once

#include "base/integers.h"

namespace trapline::soft {

// EAX EBX ECX EDX.
void processor_cpuid(u32 leaf, u32 subleaf, u64 cr4, u32 (&registers)[4]);

// The same without VMX, with the hypervisor-present bit and the hypervisor leaf 0x40000000.
void guest_cpuid(u32 leaf, u32 subleaf, u64 cr4, u32 (&registers)[4]);

}  // namespace trapline::soft
