// What the system instructions share: how a rule says no, how a sensitive instruction asks, how descriptors are
// reached.
//
// A rule returns a Step; `conclude` turns it into the ending of the handler. A rule that fails has left its fault or
// exit pending and has changed nothing.
#pragma once

#include "cpu/handlers.h"
#include "cpu/system_descriptors.h"

namespace trapline::cpu {

enum class Step : u8 { done, pending, not_implemented };

inline Step fail(Cpu& cpu, const arch::Fault& fault) {
  cpu.set_pending(Verdict::fault, fault);
  return Step::pending;
}
inline Step fail_gp(Cpu& cpu, u32 error_code = 0) { return fail(cpu, arch::fault(arch::vector::gp, error_code)); }
inline Step fail_ud(Cpu& cpu) { return fail(cpu, arch::fault(arch::vector::ud)); }

inline const Op* conclude(Cpu& cpu, const Op* op, Step step) {
  if (step == Step::done) return finish(cpu, op);
  return step == Step::pending ? broken_off(cpu, op) : not_implemented(cpu, op);
}
inline const Op* conclude_at(Cpu& cpu, const Op* op, Step step, u64 rip) {
  return step == Step::done ? finish_at(cpu, op, rip) : conclude(cpu, op, step);
}

// ---- interception --------------------------------------------------------------------------------------------------
Attempt attempt_of(const Op* op, Sensitive what);
// The same for an instruction with a memory operand: linear address, displacement and the part of the
// VM-exit instruction-information field that describes the operand.
Attempt memory_attempt_of(Cpu& cpu, const Op* op, Sensitive what);
// Step::done: the processor executes it. Otherwise the exit is pending.
Step ask(Cpu& cpu, const Attempt& attempt);

// SDM vol. 3, "VM-Exit Instruction-Information Field": bits 1:0, 9:7, 17:15, 22:18 and 27:23.
u32 memory_operand_information(const Op* op);
// Where the identity or a second register goes (bits 29:28 or 31:28), and a first register (bits 6:3).
inline constexpr unsigned information_reg1 = 3, information_is_register = 10, information_second = 28;

// ---- operands ------------------------------------------------------------------------------------------------------
inline u8 gpr_number(u8 offset) { return offset / 8; }
// A general register written with the effective operand size: 32 bits clear the upper half, 16 leave the rest.
void put_sized(Cpu& cpu, u8 offset, unsigned size, u64 value);
// A 16-bit source operand that is a register (at `offset`) or the memory operand.
Loaded load_word(Cpu& cpu, const Op* op, bool from_memory, u8 offset);

// ---- descriptors: system_segments.cpp -------------------------------------------------------------------------------
struct Found {
  Descriptor descriptor;
  u64 linear = 0;
};
// Whether a selector's 8 (or 16) bytes lie within its table; no faults.
bool within_table(const arch::CpuState& state, Selector selector, unsigned bytes = 8);
// Reads the eight bytes. Outside the limit: `vector` with the selector as error code, `ext` added.
Step fetch_descriptor(Cpu& cpu, const Op* op, Selector selector, Found& found, u8 vector = arch::vector::gp,
                      u32 ext = 0);
// The second eight bytes of a system descriptor; #GP(selector) where the table ends or the upper type is not zero.
Step fetch_upper_half(Cpu& cpu, const Op* op, Selector selector, Found& found);
// Sets the accessed bit in memory where it is clear.
Step mark_accessed(Cpu& cpu, const Op* op, Found& found);
// The checks of a stack segment that goes with privilege level `cpl`, other than null (SDM vol. 2, "MOV").
Step load_stack_descriptor(Cpu& cpu, const Op* op, Selector selector, u8 cpl, arch::Segment& segment);

// Implicit supervisor accesses.
Step load_system(Cpu& cpu, const Op* op, u64 linear, unsigned size, u64& value);
Step store_system(Cpu& cpu, const Op* op, u64 linear, unsigned size, u64 value);

// Stack pointer for privilege level `cpl` (IST 0) or interrupt stack table entry 1 to 7, from the 64-bit TSS; #TS(TR)
// where its limit ends before (SDM vol. 3, "64-Bit Task State Segment").
Step stack_from_tss(Cpu& cpu, const Op* op, u8 cpl, u8 stack_table, u32 ext, u64& rsp);

// ---- 64-bit code segments: system_far.cpp
// ---------------------------------------------------------------------------- SDM vol. 3, "Code Segment Descriptor in
// 64-Bit Mode": flat whatever the descriptor says.
arch::Segment code_segment(const Descriptor& descriptor, Selector selector);

// Whether CPUID reports a feature; rules that depend on one ask the same answer that the guest gets.
enum class CpuidRegister : u8 { eax, ebx, ecx, edx };
bool cpuid_bit(Cpu& cpu, u32 leaf, CpuidRegister reg, unsigned index);
// Physical-address width (CPUID 80000008H, EAX bits 7:0); 52 where CPUID says nothing usable.
unsigned physical_address_bits(Cpu& cpu);

}  // namespace trapline::cpu
