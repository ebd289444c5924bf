// What every metal offers: memory, one vCPU's state, and two doors. A technique is a monitor written against one door
// and never knows which metal is behind it.
//
//   run_virtual(guest)     run the guest with its kernel at CPL 0 until a VM exit reaches the monitor's user half
//   run_deprivileged(...)  run code at CPL 3 under page tables that the monitor made, until a trap (deprivileged.h)
//
// Errors: Result errors are the host's (KVM refused, out of memory). What the guest does wrong is a VmExit or a Trap.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "arch/cpu_state.h"
#include "arch/fault.h"
#include "base/result.h"
#include "memory/guest_memory.h"
#include "trace/bus.h"

namespace trapline::metal {

// ---- run_virtual ---------------------------------------------------------------------------------------------------

// Where a door must return even if the guest gives no reason to.
struct RunUntil {
  u64 retired = ~0ULL;      // soft: stop exactly when this many guest instructions have retired
  u64 nanoseconds = ~0ULL;  // kvm: stop when this much time since the lane began has passed
  u64 budget = ~0ULL;       // soft: retired + REP iterations + faults + exits, in all; kvm: exits in all
};

// A port or MMIO access that the user half must complete: it performs a write, or answers a read by
// Vcpu::complete_read. A repeated string access on kvm comes as `count` units in `data`.
struct IoAccess {
  u64 address = 0;  // port, or guest-physical address
  unsigned size = 0;
  unsigned count = 1;
  bool write = false;
  std::byte* data = nullptr;  // size * count bytes, to be read or filled in before the next run
};

struct VmExit {
  trace::UserExitReason reason = trace::UserExitReason::failed;
  IoAccess io;                // port_io, mmio
  u64 rip = unknown_address;  // the instruction that made the access, where the metal knows it without asking again
  std::string detail;         // entry_failed, not_implemented, failed: one sentence
};

// ---- the vCPU -------------------------------------------------------------------------------------------------------
class Vcpu {
 public:
  virtual ~Vcpu() = default;

  // The guest's architectural state. Behind run_deprivileged it is the monitor's to keep: what it last set.
  virtual arch::CpuState state() = 0;
  virtual Result<> set_state(const arch::CpuState& state) = 0;

  // A usage error on a machine made for the other door.
  virtual Result<VmExit> run_virtual(const RunUntil& until) = 0;

  // An interrupt for the guest (run_virtual): only where can_inject(); otherwise ask for a window, which ends
  // run_virtual with interrupt_window as soon as the guest can take one.
  virtual bool can_inject() = 0;
  virtual void inject(u8 vector) = 0;
  virtual void request_interrupt_window(bool wanted) = 0;

  // Ends a run_virtual in progress as `interrupted`; from another thread or a signal handler.
  virtual void kick() = 0;

  // Guest instructions completed; nothing where the metal cannot count (kvm).
  virtual std::optional<u64> retired() const = 0;
  // What RunUntil::budget counts, so far.
  virtual u64 spent() const = 0;
  // Guest-visible time in nanoseconds since the lane began; on soft it may be advanced while the guest is halted.
  virtual u64 now() const = 0;
  virtual void idle_until(u64 nanoseconds) = 0;

  // Writes keyframe parts of everything that this metal can save.
  virtual void save_keyframe(trace::Bus& bus, u64 set) = 0;
};

// Options of the modelled hardware; a metal that cannot vary one refuses it by name.
struct HardwareOptions {
  bool ept = true;
  bool vpid = true;
  unsigned tlb_sets = 16;
  unsigned tlb_ways = 4;
  bool paging_structure_caches = true;
  bool flush_every_entry = false;  // strange configuration
  bool hlt_exiting = true;
  bool rdtsc_exiting = false;
  bool invlpg_exiting = false;
  bool cr3_load_exiting = false;
  bool cr3_store_exiting = false;
  bool descriptor_table_exiting = false;
  bool mov_dr_exiting = false;
  bool pause_exiting = false;
  bool unconditional_io_exiting = true;
  bool use_msr_bitmaps = true;
  u32 exception_bitmap = 0;
};

class Handlers;

enum class Door : u8 { run_virtual, run_deprivileged };

struct MachineOptions {
  u64 memory_bytes = 16 << 20;
  u64 seed = 1;  // scatters host frames
  HardwareOptions hardware;
  Door door = Door::run_virtual;
  Handlers* handlers = nullptr;  // of VM exits: only metals with a kernel half of their own ask them
};

class Deprivileged;

// One guest's machine on a metal: owns its memory and its vCPU.
class Machine {
 public:
  virtual ~Machine() = default;
  virtual memory::GuestMemory& memory() = 0;
  virtual Vcpu& vcpu() = 0;
  // The door run_deprivileged; null where the machine was made for the other one.
  virtual Deprivileged* deprivileged() { return nullptr; }
  // What the summary prints of this metal, such as the name of the KVM module.
  virtual std::string description() const = 0;
};

// Each metal has one of these functions in its own room: soft::make_machine, kvm::make_machine.
using MakeMachine = Result<std::unique_ptr<Machine>> (*)(const MachineOptions& options, trace::Bus& bus);

}  // namespace trapline::metal
