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
#include <span>
#include <string>
#include <vector>

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
  unsigned block_length = 64;     // instructions per block, 1 to 200
  unsigned jump_cache_bits = 12;  // 2^n entries
  unsigned fast_page_bits = 10;   // entries of each fast-path table
  unsigned blocks = 1 << 16;      // kept blocks; when full, all are dropped
  unsigned rep_slice = 1024;      // REP iterations between looks at the budget
  // False: tick and retired count of the trace's stamp are somebody else's to keep (a monitor's emulator).
  bool keeps_stamp = true;
  u64 cycles_per_instruction = 1;  // modelled tick
  u64 cycles_per_delivery = 40;
  // A defect that tests plant: which mnemonic's handlers execute an instruction. Asked when a block is built.
  isa::Mnemonic (*executes_as)(isa::Mnemonic) = nullptr;
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

inline constexpr u64 no_limit = (1ULL << 62) - 1;  // larger limits are taken as this one

// A page that accesses may use without asking the pins.
struct FastPage {
  u64 tag = 0;     // linear page | key
  u64 addend = 0;  // host address - linear address
};

// A way from a linear address straight into a block. `tag` is rip ^ Hot::jump_key, so that one increment forgets all.
struct JumpEntry {
  u64 tag = 0;
  const Op* first = nullptr;
  u64 room = no_limit + 1;       // see Block::room; in an empty entry more than any limit lets pass
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
  u64 jump_key = 0;  // generation and privilege, in the bits that a canonical address does not need
  u64 jump_page_mask = 0, jump_offset_mask = 0, jump_offset_bits = 0;
  std::array<u64, 6> segment_base{};  // as addressing uses them: only FS and GS can differ from 0
};

// Where the jump cache keeps an address: entries of one page lie together, so that one page is quickly forgotten.
inline u64 jump_group(const Hot& hot, u64 page) { return (page ^ (page >> 6)) & hot.jump_page_mask; }
inline u64 jump_slot(const Hot& hot, u64 rip) {
  const u64 offset = (rip ^ (rip >> 6)) & hot.jump_offset_mask;
  return jump_group(hot, rip >> page_bits) << hot.jump_offset_bits | offset;
}

class Cpu {
 public:
  Cpu(Ports& ports, memory::HostMemory& memory, trace::Bus& bus, const Tuning& tuning = {});
  ~Cpu();
  Cpu(const Cpu&) = delete;
  Cpu& operator=(const Cpu&) = delete;

  // ---- cpu.cpp: for whoever wires the machine ----
  arch::CpuState state() const;
  void set_state(const arch::CpuState& state);  // invalidates everything
  // Runs until a stop. `retired_limit` and `work_limit` are absolute, as retired() and work() count.
  Stop run(u64 retired_limit, u64 work_limit = ~0ULL);
  // Whether Ports::weight() is asked. Drops all decoded code: call it outside run(), also when the weights are others.
  void weigh_code(bool wanted);
  void stop_when_interruptible(bool wanted) { stop_when_interruptible_ = wanted; }
  bool interruptible() const;  // IF=1 and no shadow

  u64 retired() const { return retired_; }
  // An instruction that a monitor emulated in the processor's place.
  void retire_emulated() { ++retired_; }
  // Also counts entries into blocks that weigh nothing, so that work() bounds every loop.
  u64 rep_iterations() const { return rep_iterations_; }
  u64 deliveries() const { return deliveries_; }
  u64 work() const { return retired_ + rep_iterations_ + deliveries_; }
  u64 retired_after(const Op* op) const {
    return hot.retired_base + op->index_in_block + op->weight;
  }  // inside operations
  u64 tick() const { return retired_ * tuning_.cycles_per_instruction + extra_cycles_; }
  void charge(u64 cycles) { extra_cycles_ += cycles; }
  u64 rip() const { return rip_; }
  // The event that is being delivered while the pins are called, or null.
  const arch::Delivery* delivery_in_progress() const { return delivery_in_progress_; }
  // After Stop::not_implemented: what it was, in words.
  const std::string& obstacle() const { return obstacle_; }

  // ---- invalidate.cpp: hooks of the TLB ----
  // Whoever drops a translation from the TLB, or changes what it permits, says so here.
  void invalidate_page(Gva first, u64 bytes = page_bytes);
  void invalidate_all();
  // A frame got a mark: writes to it may no longer skip the pins.
  void invalidate_writes();
  // After CPL, CR0.AM, RFLAGS.AC or FS/GS base changed outside set_state (segments, IRET, WRMSR, SWAPGS, POPF).
  void mode_changed();

  // ---- for handlers: registers ----
  Hot hot;
  // All that is not hot. Its gpr, rip, rflags are not live: use the accessors. Call mode_changed() after a change.
  arch::CpuState system;

  u64& gpr(unsigned number) { return hot.gpr[number]; }
  u64 flags_other_than_arithmetic() const { return other_flags_; }
  void set_direction(bool down);
  u64 rflags() const { return (other_flags_ | hot.flags.get()); }
  // Any value; bits that RFLAGS does not have are dropped. Notices TF, AC; the caller's operation must leave by
  // finish().
  void set_rflags(u64 value);
  void set_rip(u64 value) { rip_ = value; }  // outside operations: delivery
  unsigned cpl() const { return cpl_; }
  Ports& ports() { return ports_; }
  trace::Bus& bus() { return bus_; }
  const Tuning& tuning() const { return tuning_; }

  // ---- memory_access.cpp: slow paths and checked accesses; `op` null: outside an operation ----
  // A failed one has left its fault or exit pending: return broken_off(cpu, op), or look at pending().
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

  // ---- pending trouble ----
  struct Pending {
    Verdict verdict = Verdict::proceed;
    arch::Fault fault;
  };
  const Pending& pending() const { return pending_; }
  void set_pending(Verdict verdict, const arch::Fault& fault = {}) { pending_ = {verdict, fault}; }

  // ---- leave.cpp: how an operation ends that does not simply go on (use the functions of handlers.h) ----
  const Op* leave_finished(const Op* op, u64 next_rip);  // retired; the run loop looks round, then goes on at next_rip
  const Op* leave_restarting(const Op* op);              // not retired, begun, goes on later: a REP slice
  const Op* leave_before(const Op* op);                  // nothing of it executed: a limit, a killed block
  const Op* leave_pending(const Op* op);                 // not retired: the pending fault or exit
  const Op* leave_not_implemented(const Op* op);         // not retired
  const Op* leave_software_event(const Op* op, const arch::Delivery& delivery);
  // The jump cache has no way to `rip` (or a limit is near): back to the run loop with `retired` instructions done.
  const Op* leave_for_block(const Op* op, u64 rip, u64 retired);
  // Whether the operation at hand goes on from leave_restarting, and so has been recorded.
  bool goes_on_from_slice() const { return slice_rip_ == rip_ && slice_retired_ == retired_; }
  // True where a REP instruction should give the run loop a chance to look at its budget.
  bool count_rep_iterations(u64 iterations);
  // Before a block that weighs nothing: false where the run loop should have that chance first.
  bool count_weightless_block();

  // ---- system_*.cpp (the system half) ----
  // Delivers through the IDT: pushes, loads CS:RIP, SS:RSP, clears flags. Outside operations only. `fault` leaves the
  // fault that delivery met in pending(), the state as before; `exit` the same with the pins' exit.
  Verdict deliver(const arch::Delivery& delivery);
  // A fault of the instruction at rip(): asks the pins whether it exits, delivers it, makes double and triple faults.
  Raised raise(const arch::Fault& fault);
  // INT n, INT3, INT1 and INTO, which deliver with the RIP after them: called by the run loop when an operation left by
  // leave_software_event. Counts the instruction as retired when its event, not a fault, was delivered.
  Raised raise_software(const arch::Delivery& delivery);
  // An external interrupt, an NMI, or an event that VM entry injects: delivers to the end like raise(), but the pins
  // are asked only about exceptions that its delivery meets.
  Raised raise_event(const arch::Delivery& delivery);
  // Loads a data segment register or SS from a selector with all checks (SDM vol. 2, "MOV"). False: pending.
  bool load_segment(const Op* op, arch::SegmentRegister segment, u16 selector);
  // For STI, MOV SS, POP SS: the shadow over the instruction that follows. Leave by finish(). (cpu.cpp)
  void begin_shadow_by_sti();
  void begin_shadow_by_mov_ss();

  // ---- next_block.cpp ----
  // The block at a linear address, from the jump cache or by translating, finding or building; null: pending.
  const Block* find_block(u64 rip);

 private:
  enum class Left : u8 { looking_round, pending, software_event, not_implemented };
  enum class Next : u8 { go_on, stop };
  struct FetchPage {
    u64 tag = 0;
    Hpa page;
    const std::byte* bytes = nullptr;
  };
  struct Fetched {
    bool ok = false;
    Hpa hpa;
    const std::byte* bytes = nullptr;  // from the byte asked for to the end of its page
  };
  // What load_to_modify found, for store_back.
  struct Modifying {
    u64 linear = 0;
    unsigned size = 0;
    unsigned first_size = 0;  // less than size where the access crosses into a second page
    Translation pages[2];
  };

  // run_loop.cpp
  bool stops_here(u64 retired_limit, u64 work_limit, Stop& stop) const;
  bool must_step() const;
  bool in_64_bit_mode() const;
  void execute(const Block& block, u64 allowed);
  void execute_few(const Block& block, u64 count);
  void execute_one(const Block& block);
  void run_few(const Block& block, u64 limit);
  void run_operations(const Op* op, u64 limit);
  Next step(const Block& block, Stop& stop);
  Next settle(Stop& stop);
  void count_delivery();
  Next deliver_fault(const arch::Fault& fault, Stop& stop);
  Next after_raise(Raised raised, Stop& stop);
  void report_not_implemented();

  // system_delivery.cpp. `fault`: the same event as `delivery`, with its cause; `debug_cause`: for #DB, the bits of DR6
  // that it sets.
  enum class Asking : u8 { pins_first, nobody, injected };
  Raised deliver_to_end(arch::Delivery delivery, arch::Fault fault, Asking asking);
  Verdict deliver_once(const arch::Delivery& delivery, u64 debug_cause);

  // memory_access.cpp
  bool translate(u64 linear, arch::Access access, Privilege privilege, Translation& translation);
  bool check_linear(u64 linear, unsigned size, arch::SegmentRegister segment, Privilege privilege);
  u64 read_piece(const Translation& from, u64 linear, unsigned size);
  void write_piece(const Translation& to, u64 linear, unsigned size, u64 value);
  void remember(FastPage* pages, u64 key, u64 linear, const Translation& translation);
  bool find_pages(const Op* op, u64 linear, unsigned size, arch::Access access, arch::SegmentRegister segment,
                  Privilege privilege, Modifying& pages);
  u64 read_pages(const Modifying& pages);
  void write_pages(const Modifying& pages, u64 value);
  bool checks_alignment() const;

  // next_block.cpp
  Fetched fetch(u64 linear);
  Block* build_block(u64 rip, const Fetched& here);

  // invalidate.cpp
  void set_fast_keys();
  void forget_ways_into(u64 page);

  Ports& ports_;
  memory::HostMemory& memory_;
  trace::Bus& bus_;
  Tuning tuning_;
  std::unique_ptr<BlockCache> blocks_;
  std::vector<FastPage> read_table_, write_table_;
  std::vector<FetchPage> fetch_table_;
  std::vector<JumpEntry> jump_table_;
  std::vector<bool> jump_groups_used_;
  std::vector<Op> few_;  // the first operations of a block and a stop behind them
  Modifying modifying_;

  u64 rip_ = 0;
  u64 retired_ = 0;
  u64 rep_iterations_ = 0;
  u64 rep_since_look_ = 0;
  u64 slice_rip_ = 0, slice_retired_ = ~0ULL;
  u64 deliveries_ = 0;
  u64 extra_cycles_ = 0;
  u64 other_flags_ = 2;
  unsigned cpl_ = 0;
  u64 read_generation_ = 1, write_generation_ = 1, jump_generation_ = 0;
  bool stop_when_interruptible_ = false;
  bool weighs_code_ = false;
  bool restarts_ = false;  // the last operation left by leave_restarting
  bool shadow_is_new_ = false;
  Left left_ = Left::looking_round;
  std::string obstacle_;
  Pending pending_;
  arch::Delivery software_event_;
  const arch::Delivery* delivery_in_progress_ = nullptr;
};

}  // namespace trapline::cpu
