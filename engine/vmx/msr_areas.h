// The MSR areas of VM entry and VM exit: SDM vol. 3, "Loading MSRs", "Saving MSRs". An entry is 16 bytes: the index in
// bits 31:0, zero in 63:32, the value in 127:64. Areas outside memory read as all ones, so loading them fails.
#pragma once

#include <optional>

#include "arch/cpu_state.h"
#include "memory/host_memory.h"
#include "vmx/capabilities.h"

namespace trapline::vmx {

inline constexpr u64 msr_entry_bytes = 16;
// IA32_VMX_MISC bits 27:25 recommend no longer lists; entry 513 of one fails.
inline constexpr u32 longest_msr_list = 512;

// The MSRs that the processor's state holds.
std::optional<u64> read_msr(const arch::CpuState& state, u32 index);
// False where WRMSR would fault, or the areas may not name the MSR (IA32_FS_BASE, IA32_GS_BASE).
bool load_msr(arch::CpuState& state, const Capabilities& capabilities, u32 index, u64 value);

// The number, from 1, of the first entry that fails; nothing where all succeed.
std::optional<u32> load_msr_area(const memory::HostMemory& memory, Hpa area, u32 count,
                                 const Capabilities& capabilities, arch::CpuState& state);
std::optional<u32> store_msr_area(memory::HostMemory& memory, Hpa area, u32 count, const arch::CpuState& state);

}  // namespace trapline::vmx
