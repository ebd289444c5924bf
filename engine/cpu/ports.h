// The pins of the modelled processor: everything that cpu/ asks of the world outside. Whoever wires a machine
// implements them (soft/ does; a test does it over a map). Never called on the fast path.
//
// How trouble comes back: a Verdict. `fault` is the guest's and is delivered by the processor; `exit` means that the
// instruction (or the delivery in progress) is broken off with the state as before it and run() returns vm_exit: the
// world outside has already noted what the exit is.
#pragma once

#include <cstddef>

#include "arch/cpu_state.h"
#include "arch/fault.h"
#include "arch/sensitive.h"
#include "base/address.h"

namespace trapline::cpu {

enum class Verdict : u8 { proceed, fault, exit };

// The answer to a translation of one page.
struct Translation {
  Verdict verdict = Verdict::proceed;
  arch::Fault fault;               // with Verdict::fault
  Hpa hpa;                         // of the byte asked for
  std::byte* host_page = nullptr;  // bytes of its page; null: no memory here, go through read_mmio / write_mmio
  Gpa gpa;                         // of the byte asked for
  // Whether later accesses of this kind to this page may skip the pins (no recordable event would be lost, the model's
  // state would not change). For writes also that the frame has no marks.
  bool cacheable = false;
};

using arch::Sensitive;

// Details of the sensitive instruction at hand; what does not apply is 0.
struct Attempt {
  Sensitive what;
  u8 length = 0;   // of the instruction
  u8 gpr = 0;      // MOV CR, MOV DR: the general register
  u16 number = 0;  // CR or DR number, port, VMX instruction
  u32 msr = 0;
  u8 size = 0;            // I/O: bytes
  bool repeated = false;  // REP INS, REP OUTS
  bool immediate_port = false;
  bool from_memory = false;         // LMSW, SMSW and descriptor-table forms with a memory operand
  bool from_register = false;       // MOV DR: the general register is the destination
  u64 linear = 0;                   // memory operand of INS/OUTS, INVLPG, LGDT...
  u64 displacement = 0;             // of that operand; a RIP-relative one: the address that it names
  u64 value = 0;                    // what is about to be written (MOV to CR, LMSW, WRMSR, OUT)
  u32 instruction_information = 0;  // in the VMX format, for exits that report it
};

class Ports {
 public:
  virtual ~Ports() = default;

  // ---- memory -----------------------------------------------------------------------------------------------------
  // One access inside one page. `user`: privilege of the access (implicit supervisor accesses pass false at any CPL).
  virtual Translation translate(Gva linear, arch::Access access, bool user) = 0;
  virtual u64 read_mmio(Gpa address, unsigned size) = 0;
  virtual void write_mmio(Gpa address, unsigned size, u64 value) = 0;
  // A write to a page that is not cacheable for writes: goes through memory::HostMemory::write.
  virtual void write_watched(Hpa address, unsigned size, u64 value) = 0;

  // ---- what paging state changed ------------------------------------------------------------------------------------
  // After the register has its new value. The processor has checked what faults.
  virtual void control_register_written(unsigned number, u64 old_value) = 0;
  // MOV to CR3 with bit 63 set and CR4.PCIDE: the new PCID's translations need not be dropped.
  virtual void cr3_written_without_flush(u64 old_value) { control_register_written(3, old_value); }
  // After WRMSR changed IA32_EFER (the argument is its old value): NXE changes what translations permit.
  virtual void efer_written(u64) {}
  virtual void invlpg(Gva linear) = 0;
  virtual void invpcid(u64 type, u64 pcid, Gva linear) = 0;

  // ---- interception
  // --------------------------------------------------------------------------------------------------
  virtual Verdict attempt(const Attempt& attempt) = 0;  // proceed: the processor executes it; fault never
  // What VMX non-root operation changes about instructions that do not exit (SDM vol. 3, "Changes to Instruction
  // Behavior in VMX Non-Root Operation"); outside it the defaults hold. What MOV from CR0, CR4 and SMSW see:
  virtual u64 control_register_seen(unsigned, u64 value) { return value; }
  // A value on its way into CR0 or CR4: bits that the guest may not change keep theirs. False: #GP(0), fixed bits.
  virtual bool control_register_allowed(unsigned, u64&) { return true; }
  // Instructions that a control would have to enable (RDTSCP, INVPCID, XSAVES): true makes them #UD.
  virtual bool undefined_here(Sensitive) { return false; }

  virtual bool exception_exits(const arch::Fault& fault, const arch::Delivery& delivery) = 0;
  virtual bool triple_fault_exits() = 0;

  // Guest instructions that have retired when the one at `rip` has: 0 or 1. Asked only while Cpu::weigh_code(true),
  // when code is decoded.
  virtual unsigned weight(u64) { return 1; }

  // ---- the rest of the platform
  // ----------------------------------------------------------------------------------------
  virtual u64 read_port(u16 port, unsigned size) = 0;
  virtual void write_port(u16 port, unsigned size, u64 value) = 0;
  virtual u64 time_stamp_counter() = 0;
  // MSRs that are not in CpuState. False: #GP(0).
  virtual bool read_msr(u32 index, u64& value) = 0;
  virtual bool write_msr(u32 index, u64 value) = 0;
  virtual void cpuid(u32 leaf, u32 subleaf, u32 (&registers)[4]) = 0;  // EAX EBX ECX EDX
  // VMXON, VMREAD, VMCALL ... in root operation or outside VMX: default #UD.
  virtual Verdict vmx_instruction(const Attempt& attempt, arch::Fault& fault) = 0;
};

}  // namespace trapline::cpu
