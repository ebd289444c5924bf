// Which instructions and events of a guest cause VM exits under a given VMCS: SDM vol. 3, "VMX Non-Root Operation"
// ("Instructions That Cause VM Exits", "Other Causes of VM Exits"), with the exit qualifications of "Exit
// Qualification".
//
// Pure questions: nothing changes, nothing is emitted. An empty answer means that the guest goes on.
#pragma once

#include <optional>

#include "arch/cpu_state.h"
#include "arch/sensitive.h"
#include "memory/host_memory.h"
#include "vmx/exit_information.h"
#include "vmx/vmcs.h"

namespace trapline::vmx {

using arch::Sensitive;

// A guest's sensitive instruction at hand: what the VMCS decides by. The soft metal makes it of the processor's own
// cpu::Attempt, which this room may not include.
struct Attempt {
  Sensitive what;
  u8 length = 0;   // of the instruction
  u8 gpr = 0;      // MOV CR, MOV DR: the general register
  u16 number = 0;  // CR or DR number, port, VMX instruction as its VM-exit reason, TSS selector of a task switch
  u32 msr = 0;
  u8 size = 0;            // I/O: bytes
  bool repeated = false;  // REP INS, REP OUTS
  bool immediate_port = false;
  bool from_memory = false;          // LMSW with a memory operand
  bool from_debug_register = false;  // MOV DR: the general register is the destination
  u64 linear = 0;                    // memory operand of INS, OUTS, LMSW; operand of INVLPG
  // What is about to be written (MOV to CR, LMSW). For instructions with a memory operand that report it: the
  // displacement, with RIP of the next instruction added where it is RIP-relative. Task switch: its source, 0 to 3.
  u64 value = 0;
  u32 instruction_information = 0;
};

std::optional<ExitInformation> instruction_exit(const Vmcs& vmcs, const memory::HostMemory& memory,
                                                const Attempt& attempt);

// Whether an instruction is undefined in this guest (#UD instead of anything else): RDTSCP without enable RDTSCP,
// INVPCID without enable INVPCID, XSAVES without enable XSAVES.
bool is_undefined(const Vmcs& vmcs, Sensitive what);

// An exception that the guest raised: the exception bitmap, for #PF with the error-code mask and match. `length`: of
// the instruction, for INT3, INTO and INT1.
std::optional<ExitInformation> exception_exit(const Vmcs& vmcs, const arch::Fault& fault, arch::EventType type,
                                              u8 length, u64 debug_status = 0);

// An external interrupt is pending. `acknowledge` is asked for the vector only where acknowledge interrupt on exit
// is 1.
std::optional<ExitInformation> external_interrupt_exit(const Vmcs& vmcs, const std::function<u8()>& acknowledge);
std::optional<ExitInformation> nmi_exit(const Vmcs& vmcs);
// Before an instruction: interrupt-window exiting, RFLAGS.IF and no blocking by STI or MOV SS.
std::optional<ExitInformation> interrupt_window_exit(const Vmcs& vmcs, const arch::CpuState& state);

}  // namespace trapline::vmx
