// arch::CpuState to and from the structures in which KVM takes and gives registers. Pure functions.
//
// Not carried by CpuState and so left as KVM has it: floating-point and vector state, the TSC, KVM's queued events.
#pragma once

#include <array>
#include <span>

#include "arch/cpu_state.h"
#include "kvm/abi.h"

namespace trapline::kvm {

inline constexpr std::size_t msr_count = 10;

// KVM_GET_MSRS and KVM_SET_MSRS take a header followed by entries.
struct MsrBlock {
  BlockHeader header{msr_count, 0};
  std::array<kvm_msr_entry, msr_count> entries{};
};

// Everything of a vCPU that CpuState can hold.
struct Registers {
  kvm_regs general{};
  kvm_sregs special{};
  kvm_vcpu_events events{};
  kvm_debugregs debug{};
  MsrBlock msrs;
};

// The MSRs of MsrBlock in order. The last one (IA32_TSC_AUX) is missing on processors without RDTSCP, and KVM stops at
// the first MSR that it does not know.
std::span<const u32, msr_count> msr_indices();
MsrBlock msrs_to_read();

arch::CpuState to_state(const Registers& registers);

// Overwrites what CpuState holds and leaves the rest of `registers` as it was read from KVM.
void from_state(const arch::CpuState& state, Registers& registers);

}  // namespace trapline::kvm
