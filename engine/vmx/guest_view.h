// What the VMCS changes about an instruction that does not exit: SDM vol. 3, "Changes to Instruction Behavior in VMX
// Non-Root Operation".
#pragma once

#include "arch/cpu_state.h"
#include "vmx/capabilities.h"
#include "vmx/vmcs.h"

namespace trapline::vmx {

// MOV from CR0 or CR4, SMSW: bits in the guest/host mask come from the read shadow.
u64 guest_view_of_cr0(const Vmcs& vmcs, u64 cr0);
u64 guest_view_of_cr4(const Vmcs& vmcs, u64 cr4);
// MOV to CR0 or CR4, LMSW, CLTS without an exit: bits in the guest/host mask keep their value.
u64 cr0_after_write(const Vmcs& vmcs, u64 cr0, u64 value);
u64 cr4_after_write(const Vmcs& vmcs, u64 cr4, u64 value);
// Whether such a result is one that VMX operation does not allow (#GP): fixed bits.
bool cr0_is_allowed(const Vmcs& vmcs, const Capabilities& capabilities, u64 cr0);
bool cr4_is_allowed(const Capabilities& capabilities, u64 cr4);
// RDTSC, RDTSCP and RDMSR of IA32_TIME_STAMP_COUNTER.
u64 guest_time_stamp_counter(const Vmcs& vmcs, u64 time_stamp_counter);

// The tags of the translations that this guest makes: VPID 0 without enable VPID; EPTP bits 51:12, 0 without EPT.
u16 vpid_of(const Vmcs& vmcs);
bool uses_ept(const Vmcs& vmcs);
Hpa ept_root_of(const Vmcs& vmcs);

}  // namespace trapline::vmx
