// VM exit: from the guest's state to the host's. SDM vol. 3, "VM Exits".
#pragma once

#include "arch/cpu_state.h"
#include "trace/bus.h"
#include "vmx/exit_information.h"
#include "vmx/unit.h"

namespace trapline::vmx {

// SDM vol. 3, "VMX Aborts".
enum class Abort : u32 { none = 0, saving_guest_msrs = 1, loading_host_msrs = 4 };

// `state` is the guest's as the exit finds it (for a fault-like exit: RIP at the instruction) and the host's
// afterwards, with the same exceptions as for VM entry. Writes the exit-information fields, emits vm_exit. An abort
// leaves the processor in the shutdown state, its indicator in the VMCS region.
Abort leave(VmxUnit& unit, const ExitInformation& exit, arch::CpuState& state, trace::Bus& bus);

// The parts of it.
void record_exit(Vmcs& vmcs, const ExitInformation& exit);
void save_guest_state(Vmcs& vmcs, const arch::CpuState& state);
void load_host_state(const Vmcs& vmcs, arch::CpuState& state);
// Host state and the VM-exit MSR-load area; also how a failed VM entry ends.
Abort return_to_host(VmxUnit& unit, arch::CpuState& state);
void emit_exit(trace::Bus& bus, const ExitInformation& exit, u64 rip);

}  // namespace trapline::vmx
