// One processor in 64-bit mode: state, run loop, and what handlers may use.
//
// Execution goes block by block. A block is a run of decoded operations; its handlers reach each other by tail calls
// and the last one finds the next block in the jump cache, so a busy guest stays inside handlers. What needs thought
// (faults, interrupt windows, limits, changes of privilege, paging or interrupt state) leaves the handlers for the run
// loop, where rip and retired count are exact.
//
// Two kinds of moments: *inside* an operation, rip and retired follow from the operation (block start + offset); slow
// paths and everything that calls Ports bring them up to date first (`synchronize`). *Outside*, they are simply right.
//
// The header is a map; declarations are grouped by the file that holds them.
#pragma once

#include <array>
#include <cstring>
#include <memory>

#include "arch/cpu_state.h"
#include "arch/fault.h"
#include "cpu/flags.h"
#include "cpu/op.h"
#include "cpu/ports.h"
#include "isa/instruction.h"
#include "memory/host_memory.h"
#include "trace/bus.h"

namespace trapline::cpu {

class BlockCache;
struct Block;

// Why run() came back.
enum class Stop : u8 {
  limit,            // the retired count asked for is reached
  vm_exit,          // the pins said exit; the state is that before the instruction, or what the exit left
  halted,           // HLT, with nothing more to run until an event is delivered
  shutdown,         // triple fault
  not_implemented,  // an instruction or mode that this processor cannot run; the event names it
  window_open,      // stop_when_interruptible is set and an interrupt could be delivered now
  budget,           // retired + REP iterations + delivered events reached the work limit
};

// Sizes that tests make tiny so that rare states become common.
struct Tuning {
  unsigned block_length = 64;      // instructions per block, 1 to 200
  unsigned jump_cache_bits = 12;   // 2^n entries
  unsigned fast_page_bits = 10;    // entries of each fast-path table
  unsigned blocks = 1 << 16;       // kept blocks; when full, all are dropped
  unsigned rep_slice = 1024;       // REP iterations between looks at the budget
  u64 cycles_per_instruction = 1;  // modelled tick
  u64 cycles_per_slow_access = 4;
  u64 cycles_per_delivery = 40;
};

// What an access gave; by value, since a local whose address escapes would end tail calls.
struct Loaded {
  u64 value = 0;
  bool ok = false;
};

// The privilege an access is made with.
enum class Privilege : u8 { current, supervisor };  // supervisor: implicit accesses to descriptor tables and TSS

// What happened to a fault on its way to the guest's handler.
enum class Raised : u8 { delivered, vm_exit, shutdown };

struct FastPage {
  u64 tag = 0;     // linear page | key
  u64 addend = 0;  // host address - linear address
};

struct JumpEntry {
  u64 rip = 0;
  const Block* block = nullptr;  // null: empty
};

// What handlers touch all the time; first in Cpu.
struct Hot {
  std::array<u64, 18> gpr{};  // 16 registers, linear address of the current block's start, zero
  LazyFlags flags;
  FastPage* read_pages = nullptr;
  FastPage* write_pages = nullptr;
  u64 read_key = 0;  // low 12 bits of a valid tag
  u64 write_key = 0;
  u64 page_mask = 0;
  u64 retired_base = 0;   // retired before the current block's first instruction
  u64 retired_limit = 0;  // a block that would pass it is not entered
  JumpEntry* jumps = nullptr;
  u64 jump_page_mask = 0, jump_offset_mask = 0;
  unsigned jump_page_shift = 0;
  std::array<u64, 6> segment_base{};  // as addressing uses them: only FS and GS can differ from 0
};

class Cpu {
 public:
  Cpu(Ports& ports, memory::HostMemory& memory, trace::Bus& bus, const Tuning& tuning = {});
  ~Cpu();
  Cpu(const Cpu&) = delete;
  Cpu& operator=(const Cpu&) = delete;

  // ---- cpu.cpp: for whoever wires the machine ----------------------------------------------------------------------
  arch::CpuState state() const;
  void set_state(const arch::CpuState& state);  // invalidates everything
  // Runs until a stop. `retired_limit` and `work_limit` are absolute, as retired() and work() count.
  Stop run(u64 retired_limit, u64 work_limit = ~0ULL);
  void stop_when_interruptible(bool wanted) { stop_when_interruptible_ = wanted; }
  bool interruptible() const;  // IF=1 and no shadow

  u64 retired() const { return retired_; }
  u64 rep_iterations() const { return rep_iterations_; }
  u64 deliveries() const { return deliveries_; }
  u64 work() const { return retired_ + rep_iterations_ + deliveries_; }
  u64 tick() const { return retired_ * tuning_.cycles_per_instruction + extra_cycles_; }
  void charge(u64 cycles) { extra_cycles_ += cycles; }
  u64 rip() const { return rip_; }
  // The event that is being delivered while the pins are called, or null.
  const arch::Delivery* delivery_in_progress() const { return delivery_in_progress_; }

  // ---- invalidate.cpp: hooks of the TLB -----------------------------------------------------------------------------
  // Whoever drops a translation from the TLB, or changes what it permits, says so here.
  void invalidate_page(Gva first, u64 bytes = page_bytes);
  void invalidate_all();
  // A frame got a mark: writes to it may no longer skip the pins.
  void invalidate_writes();
  // After CPL, CR0.AM, RFLAGS.AC or FS/GS base changed outside set_state (segments, IRET, WRMSR, SWAPGS, POPF).
  void mode_changed();

  // ---- for handlers: registers --------------------------------------------------------------------------------------
  Hot hot;
  // All that is not hot. Its gpr, rip, rflags are not live: use the accessors. Call mode_changed() after a change.
  arch::CpuState system;

  u64& gpr(unsigned number) { return hot.gpr[number]; }
  u64 rflags() const { return (other_flags_ | hot.flags.get()); }
  // Any value; bits that RFLAGS does not have are dropped. Notices TF, AC; the caller's operation must leave by
  // finish().
  void set_rflags(u64 value);
  void set_rip(u64 value) { rip_ = value; }  // outside operations: delivery
  unsigned cpl() const { return cpl_; }
  Ports& ports() { return ports_; }
  trace::Bus& bus() { return bus_; }
  const Tuning& tuning() const { return tuning_; }

  // ---- memory_access.cpp: slow paths and checked accesses. `op` null: outside an operation
  // ----------------------------- A failed one has left its fault or exit pending: return broken_off(cpu, op), or look
  // at pending().
  Loaded load_slow(const Op* op, u64 linear, unsigned size, arch::SegmentRegister segment,
                   Privilege privilege = Privilege::current);
  bool store_slow(const Op* op, u64 linear, unsigned size, u64 value, arch::SegmentRegister segment,
                  Privilege privilege = Privilege::current);
  // Read with the intent to write back: checks for writing; store_back writes `value` to the same place.
  Loaded load_to_modify(const Op* op, u64 linear, unsigned size, arch::SegmentRegister segment);
  void store_back(u64 value);
  // Up to 16 bytes at once, for what must be all or nothing (CMPXCHG16B, descriptor-table operands, far pointers,
  // frames).
  bool load_bytes(const Op* op, u64 linear, std::byte* into, unsigned size, arch::SegmentRegister segment,
                  Privilege privilege = Privilege::current);
  // Whether [linear, linear + size) could be written, without writing: makes a longer sequence of stores precise.
  bool probe_write(const Op* op, u64 linear, unsigned size, arch::SegmentRegister segment,
                   Privilege privilege = Privilege::current);
  void synchronize(const Op* op);  // rip, retired and the trace's stamp as of the start of `op`

  // ---- pending trouble ---------------------------------------------------------------------------------------------
  struct Pending {
    Verdict verdict = Verdict::proceed;
    arch::Fault fault;
  };
  const Pending& pending() const { return pending_; }
  void set_pending(Verdict verdict, const arch::Fault& fault = {}) { pending_ = {verdict, fault}; }

  // ---- leave.cpp: how an operation ends that does not simply go on (use the functions of handlers.h)
  // -----------------
  const Op* leave_finished(const Op* op, u64 next_rip);  // retired; the run loop looks round, then goes on at next_rip
  const Op* leave_restarting(const Op* op);              // not retired, comes again: a REP slice
  const Op* leave_pending(const Op* op);                 // not retired: the pending fault or exit
  const Op* leave_not_implemented(const Op* op);         // not retired
  const Op* leave_at_limit(const Op* op);                // a stop operation: nothing executed here
  void count_rep_iterations(u64 iterations) { rep_iterations_ += iterations; }

  // ---- system_*.cpp (the system half)
  // ---------------------------------------------------------------------------------- Delivers through the IDT:
  // pushes, loads CS:RIP, SS:RSP, clears flags. Outside operations only. `fault` leaves the fault that delivery met in
  // pending(), the state as before; `exit` the same with the pins' exit.
  Verdict deliver(const arch::Delivery& delivery);
  // A fault of the instruction at rip(): asks the pins whether it exits, delivers it, makes double and triple faults.
  Raised raise(const arch::Fault& fault);
  // INT n, INT3, INT1 and INTO, which deliver with the RIP after them: called by the run loop when an operation left by
  // leave_software_event.
  Raised raise_software(const arch::Delivery& delivery);
  // Loads a data segment register or SS from a selector with all checks (SDM vol. 2, "MOV"). False: pending.
  bool load_segment(const Op* op, arch::SegmentRegister segment, u16 selector);
  const Op* leave_software_event(const Op* op, const arch::Delivery& delivery);  // leave.cpp

  // For STI, MOV SS, POP SS: the shadow over the instruction that follows. Leave by finish().
  void begin_shadow_by_sti();
  void begin_shadow_by_mov_ss();

  // ---- blocks: next_block.cpp
  // ------------------------------------------------------------------------------------------- The block at a linear
  // address, from the jump cache or by translating, finding or building; null: pending.
  const Block* find_block(u64 rip);
  const Op* enter_slow(const Op* op, u64 rip);  // jump cache missed: leave to the run loop, `op` retired

 private:
  friend class BlockCache;
  enum class Left : u8 { looking_round, pending, software_event, not_implemented, limit };

  bool must_be_careful() const;
  Left execute(const Block& block);
  Left execute_few(const Block& block, unsigned count);
  Stop run_loop(u64 retired_limit, u64 work_limit);

  Ports& ports_;
  memory::HostMemory& memory_;
  trace::Bus& bus_;
  Tuning tuning_;
  std::unique_ptr<BlockCache> blocks_;

  u64 rip_ = 0;
  u64 retired_ = 0;
  u64 rep_iterations_ = 0;
  u64 deliveries_ = 0;
  u64 extra_cycles_ = 0;
  u64 other_flags_ = 2;
  unsigned cpl_ = 0;
  bool stop_when_interruptible_ = false;
  bool shadow_is_new_ = false;
  Left left_ = Left::looking_round;
  Pending pending_;
  arch::Delivery software_event_;
  const arch::Delivery* delivery_in_progress_ = nullptr;
};

}  // namespace trapline::cpu
