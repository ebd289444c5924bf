// A paravirtual guest as its monitor sees it: registers, which of the two privilege levels they belong to, and what its
// kernel has said about itself.
#pragma once

#include <array>

#include "arch/cpu_state.h"
#include "spec/para_abi.h"

namespace trapline::technique::para {

// Flags of the processor's RFLAGS that are the guest's. IF is the shared page's `events_off`.
inline constexpr u64 guest_flags =
    arch::flag::arithmetic | arch::flag::tf | arch::flag::df | arch::flag::ac | arch::flag::id;

struct Guest {
  arch::CpuState cpu;
  bool in_kernel = true;

  std::array<u64, 32> trap_handlers{};  // linear; 0: none
  u64 event_handler = 0;
  u64 system_call_handler = 0;
  u64 kernel_stack = 0;

  // The processor is at CPL 3 either way; the selectors tell the guest's own idea.
  void go(bool kernel, u64 rip, u64 rsp) {
    in_kernel = kernel;
    cpu.rip = rip;
    cpu.gpr[arch::rsp] = rsp;
    const u64 code = kernel ? para_abi::kernel_code : para_abi::user_code;
    const u64 stack = kernel ? para_abi::kernel_data : para_abi::user_data;
    const u32 level = kernel ? 0 : 3 << 5;
    cpu.segments[arch::cs] = {static_cast<u16>(code), 0xa09b | level, 0xffffffff, 0};
    cpu.segments[arch::ss] = {static_cast<u16>(stack), 0xc093 | level, 0xffffffff, 0};
  }
};

// Where a guest may be told to go, or to put a frame.
constexpr bool is_guests_address(u64 linear) {
  const u64 slot = bits(linear, 47, 39);
  return is_canonical(linear) && slot != para_abi::window_slot && slot != para_abi::hidden_slot;
}

}  // namespace trapline::technique::para
