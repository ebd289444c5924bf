// The sensitive instructions, named once for the processor that asks about them and the VMCS that decides.
#pragma once

#include "base/integers.h"

namespace trapline::arch {

// Instructions that a monitor may want to see before they take effect (SDM vol. 3, "VMX Non-Root Operation",
// "Instructions That Cause VM Exits"). Asked only after faults of higher priority have been checked.
enum class Sensitive : u8 {
  cpuid,
  hlt,
  rdtsc,
  rdtscp,
  rdpmc,
  invlpg,
  invpcid,
  invd,
  wbinvd,
  pause,
  monitor,
  mwait,
  xsetbv,
  mov_to_cr,
  mov_from_cr,
  clts,
  lmsw,
  smsw,
  mov_dr,
  in,
  out,
  ins,
  outs,
  rdmsr,
  wrmsr,
  sgdt,
  sidt,
  lgdt,
  lidt,
  sldt,
  str,
  lldt,
  ltr,
  vmx_instruction,  // VMCALL, VMXON, ...: which one in `number`, as its VM-exit reason
  rdrand,
  rdseed,
  xsaves,
  gdt_task_switch,
  syscall,  // VMX has no exit for it; a monitor of code at CPL 3 asks for it
};

}  // namespace trapline::arch
