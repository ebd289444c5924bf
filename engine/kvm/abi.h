// <linux/kvm.h> for C++. Debian 12's header declares open-ended arrays behind an empty struct, which has no size in C
// and one byte in C++: structures that end in one are too long there, and so are the request numbers made of their
// sizes. The requests concerned are given here with the size that the kernel means, and their blocks as plain structs.
#pragma once

#include <array>
#include <linux/kvm.h>

#include "base/integers.h"

namespace trapline::kvm {

struct BlockHeader {  // count and padding; entries follow
  u32 count = 0;
  u32 padding = 0;
};

inline constexpr std::size_t most_cpuid_entries = 256;
struct CpuidBlock {
  BlockHeader header{most_cpuid_entries, 0};
  std::array<kvm_cpuid_entry2, most_cpuid_entries> entries{};
};

namespace request {
inline constexpr unsigned long get_supported_cpuid = _IOWR(KVMIO, 0x05, BlockHeader);
inline constexpr unsigned long set_cpuid2 = _IOW(KVMIO, 0x90, BlockHeader);
inline constexpr unsigned long get_msrs = _IOWR(KVMIO, 0x88, BlockHeader);
inline constexpr unsigned long set_msrs = _IOW(KVMIO, 0x89, BlockHeader);
inline constexpr unsigned long set_signal_mask = _IOW(KVMIO, 0x8b, u32);
}  // namespace request

// Where the kernel puts what this room reads of struct kvm_run.
static_assert(offsetof(kvm_run, exit_reason) == 8);
static_assert(offsetof(kvm_run, io) == 32);
static_assert(offsetof(kvm_run, kvm_valid_regs) == 288);
static_assert(offsetof(kvm_run, s) == 304);

}  // namespace trapline::kvm
