// The door run_deprivileged: code at CPL 3 under page tables that the monitor made, until a trap. `full` and `para`
// stand on it, the same on every metal.
//
// What the metal does: it owns the real IDT, so every exception and SYSCALL of the code comes back as a Trap, whatever
// the guest believes its own tables to be. What the monitor does: everything else. It makes page tables in frames()
// (or, under direct paging, uses the guest's own), and puts the metal's hidden entry into every root it makes.
//
// The real processor runs with CR0.PE, PG, WP, ET, NE set, paging of 4 levels, EFER.NXE and SCE set, RFLAGS.IF set and
// IOPL 0: privileged instructions and port accesses are #GP(0), and INT n is #GP(n * 8 + 2), since every gate is the
// monitor's (some hosts make it #UD).
#pragma once

#include <algorithm>

#include "memory/monitor_frames.h"
#include "metal/metal.h"
#include "spec/costs.h"

namespace trapline::metal {

// The root of page tables: physical, as frames() and physical_of() count.
struct PageRoot {
  u64 cr3 = 0;
  trace::Dimension tables = trace::Dimension::shadow;  // shadow, or guest under direct paging
};

struct Trap {
  trace::TrapKind kind = trace::TrapKind::failed;
  arch::Fault fault;   // exception: vector, error code, for #PF CR2, for #DB the bits of DR6
  std::string detail;  // not_implemented, failed: one sentence
};

// What one instruction counts as, in guest instructions. 1 everywhere but in code that a monitor wrote: there, of the
// instructions that stand for one guest instruction, the last one has weight 1 and the others 0.
class CodeWeights {
 public:
  virtual ~CodeWeights() = default;
  // Asked when code is decoded; a weight changes only together with the bytes.
  virtual unsigned weight(Gva rip) const = 0;
};

class Deprivileged {
 public:
  virtual ~Deprivileged() = default;

  // Runs until a trap, exactly until.retired (soft), until.nanoseconds (kvm) or until.budget. Of `state` these are used
  // and, but for the last two lines, brought up to date:
  //   general registers, RIP, RFLAGS (CF PF AF ZF SF OF DF TF AC ID; the others are the door's)
  //   FS and GS base
  //   ES, DS, FS, GS selectors and hidden parts; CS and SS selectors, which the code may read (its CPL is 3 all the
  //   same, and the door forces RPL 3, a flat 64-bit code and a flat data segment) CR0.MP EM TS AM, CR4.TSD OSFXSR
  //   OSXMMEXCPT FSGSBASE DR0 to DR3, DR7
  // After an exception RIP is the one that the exception reports (a fault: the instruction itself). After system_call
  // the instruction is done: RIP behind it, RCX and R11 as SYSCALL leaves them, still the state of CPL 3; it counts as
  // not yet retired, the monitor says retire_emulated().
  // Emits `trap` and allots the correlator for what follows from it. Errors: the host's.
  virtual Result<Trap> run(arch::CpuState& state, const PageRoot& root, const RunUntil& until) = 0;

  // The metal's own tables and code need a hidden, supervisor-only range: one entry of the PML4. Says which value every
  // root must hold there, and moves the range. The slot must be 256 to 511 or 1 to 255 and unused by the guest.
  virtual Result<u64> hide_in(unsigned pml4_slot) = 0;

  // The guest's descriptors, by number, as its code at CPL 3 may load them. Only code and data descriptors are taken,
  // and at most 256; the rest read as absent.
  virtual void set_descriptors(std::span<const u64> descriptors) = 0;

  // After the monitor changed a page-table entry: what the processor may still hold of it. Loading another root drops
  // everything.
  virtual void invalidate_page(Gva page) = 0;
  virtual void invalidate_all() = 0;

  virtual void weigh_code(const CodeWeights* weights) = 0;  // null: every instruction weighs 1; a metal that does not
                                                            // count ignores it

  // ---- physical memory ----------------------------------------------------------------------------------------------
  virtual memory::MonitorFrames& frames() = 0;
  // Where a guest page lies in the memory that page tables point into, and back. Nothing, unknown(): not the guest's.
  virtual std::optional<Hpa> physical_of(Gpa address) const = 0;
  virtual Gpa guest_address_of(Hpa address) const = 0;

  // ---- the account
  // ---------------------------------------------------------------------------------------------------- A guest
  // instruction that the monitor carried out.
  virtual void retire_emulated() = 0;
  // What the monitor did, for the modelled tick; nothing on a metal that has real time.
  virtual void charge(spec::Cost cost, u64 times = 1) = 0;

  // What CPUID tells a guest of this metal: EAX EBX ECX EDX.
  virtual void cpuid(u32 leaf, u32 subleaf, u64 cr4, u32 (&registers)[4]) = 0;
  // MSRs that are not in CpuState, as a guest of this metal sees them. False: #GP(0).
  virtual bool read_msr(u32 index, u64& value) = 0;
};

// The processor's physical-address width, as its guest is told: bits 7:0 of EAX of CPUID 80000008H, 36 without that
// leaf (SDM vol. 3, "Determining MAXPHYADDR").
inline unsigned physical_bits_of(Deprivileged& door) {
  u32 registers[4];
  door.cpuid(0x80000008, 0, 0, registers);
  return std::clamp(registers[0] & 0xff, 36U, 52U);
}

}  // namespace trapline::metal
