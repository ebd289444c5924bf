// The modelled memory-management unit: TLB, paging-structure caches, walks through guest tables and EPT, invalidation.
//
// SDM vol. 3: "4-Level Paging", "Caching Translation Information", "The Extended Page Table Mechanism (EPT)", "VMX
// Support for Address Translation". What the manual leaves to the processor is decided so:
//   - Caches are filled when a walk has succeeded, from what it read. So the references of one walk are what the tables
//     and the caches before it made necessary: with EPT a cold walk to a 4 KiB page makes 24.
//   - A walk that began in a cache and does not succeed begins again at the root: faults and exits always speak of the
//     tables in memory, and are never spurious. The same for a TLB entry that does not allow an access.
//   - Accessed and dirty flags are set when the linear address has translated and its rights suffice, from the root
//   down,
//     before the final guest-physical address is translated.
//   - 1-GiB pages, execute-only EPT entries and EPT accessed and dirty flags exist. Memory types are checked, not used.
// Not modelled: 32-bit, PAE and 5-level paging (Outcome::unsupported_paging), protection keys, mode-based execute
// control, sub-page permissions, the page-modification log.
//
// Units: addresses in bytes, costs in the cycles of the cost table. Trouble of the guest is an Outcome.
#pragma once

#include "memory/host_memory.h"
#include "mmu/paging_state.h"
#include "mmu/structure_cache.h"
#include "mmu/tlb.h"

namespace trapline::mmu {

inline constexpr u32 tlb_part = tag("TLB0");  // keyframe part of save()

struct MmuOptions {
  unsigned tlb_sets = 16;
  unsigned tlb_ways = 4;
  bool paging_structure_caches = true;  // also the cache of guest-physical mappings
  unsigned physical_address_bits = 46;  // MAXPHYADDR, 36 to 48: CPUID 80000008H must say the same
  bool sets_dirty_flags = true;         // false is a defect that tests plant
};

// What modelled work costs, in cycles.
struct MmuCosts {
  u64 walk_reference = 0;  // one paging-structure entry read from memory
};

enum class Outcome : u8 { translated, fault, ept_violation, ept_misconfiguration, unsupported_paging };

// What a VM exit for an EPT violation or misconfiguration reports (SDM vol. 3, "Exit Qualification for EPT
// Violations").
struct EptExit {
  u64 qualification = 0;  // 0 for a misconfiguration
  Gpa gpa;                // the address that EPT did not translate: the page's, or a guest table entry's
  Gva gva;                // guest-linear address
  u64 walk = 0;           // correlator of the walk
};

struct Translation {
  Outcome outcome = Outcome::translated;
  // translated
  Hpa hpa;                         // of the byte asked for
  Gpa gpa;                         // without EPT the same number; under shadow tables the frame's owner, if any
  std::byte* host_page = nullptr;  // its page's bytes; null where the machine has no memory there
  u8 page_level = 1;               // 1: 4 KiB, 2: 2 MiB, 3: 1 GiB, of the cached translation
  // A cache in front of the MMU may keep this answer until on_evict names the page or generation() changes. False where
  // nothing of the kind is promised, so the next access must ask again.
  bool held = false;
  // What the same privilege may do by the held translation without another walk.
  bool may_read = false, may_write = false, may_execute = false;
  bool thanks_to_ac = false;  // true only while RFLAGS.AC is set: do not keep it beyond a change of that flag
  // fault
  arch::Fault fault;
  // ept_violation, ept_misconfiguration
  EptExit exit;
};

// Numbered as the descriptor types of the instructions.
enum class InvpcidType : u8 { address = 0, one_pcid = 1, all = 2, all_but_global = 3 };
enum class InvvpidType : u8 { address = 0, one_vpid = 1, all_vpids = 2, one_vpid_but_global = 3 };
enum class InveptType : u8 { one_ept = 1, all_ept = 2 };
enum class Cr3Write : u8 { invalidates, keeps };  // keeps: bit 63 of the operand was set and CR4.PCIDE is 1
enum class VpidControl : u8 { disabled, enabled };

class Mmu {
 public:
  // `cycles` is charged for walks; it may be the bus's own tick.
  Mmu(memory::HostMemory& memory, trace::Bus& bus, const MmuOptions& options, const MmuCosts& costs, u64& cycles);
  Mmu(const Mmu&) = delete;
  Mmu& operator=(const Mmu&) = delete;

  // ---- translation --------------------------------------------------------------------------------------------------
  // Keep it current: after every change call the function below that names the change. alignment_check may be set at
  // any time, without one.
  PagingState& state() { return state_; }
  const PagingState& state() const { return state_; }

  // One access within one page. Emits tlb_hit, or tlb_miss and a walk with a correlator of its own, and sets accessed
  // and dirty flags. An address that is not canonical gives #GP(0): a processor checks that first, with #SS where due.
  Translation translate(Gva address, arch::Access access, Privilege privilege);

  // ---- what a cache in front of the MMU must know
  // -------------------------------------------------------------------- An entry left the TLB: the translations of
  // these linear addresses, in whatever context, are no longer held.
  using EvictListener = std::function<void(Gva first, u64 bytes)>;
  void on_evict(EvictListener listener) { evicted_ = std::move(listener); }
  // Changes when more than single pages go, when the context or a bit that decides rights changes, and when a walk has
  // put a mark on a frame that had none (pointers for writing to it must go). Look at it after every call into here.
  u64 generation() const { return generation_; }

  // ---- changes of state, after state() holds the new values --------------------------------------------------------
  void cr0_written(u64 old_value);
  void cr3_written(Cr3Write write);
  void cr4_written(u64 old_value);
  void efer_written();
  // VM entry and VM exit, once state() describes the side that runs now. Without VPID they flush.
  void vm_entry(VpidControl control);
  void vm_exit(VpidControl control);

  // ---- instructions that invalidate -----------------------------------------------------------------------------
  void invlpg(Gva address);
  void invpcid(InvpcidType type, u16 pcid, Gva address);
  void invvpid(InvvpidType type, u16 vpid, Gva address);
  void invept(InveptType type, u64 ept_pointer);
  void flush_everything(trace::FlushCause cause);  // every mapping of every kind

  // ---- keyframes ------------------------------------------------------------------------------------------------
  // TLB and all caches. restore() takes what save() of an equally configured Mmu gave; false, and all caches empty, for
  // anything else. It does not touch state().
  std::vector<std::byte> save() const;
  bool restore(std::span<const std::byte> bytes);

  const Tlb& tlb() const { return tlb_; }
  const MmuOptions& options() const { return options_; }

 private:
  friend class Walk;

  Tag tag() const;
  Translation translate_without_paging(Gva address, arch::Access access, Privilege privilege);
  Translation walk(Gva address, arch::Access access, Privilege privilege);
  Translation answer(const TlbEntry& entry, Gva address, Privilege privilege) const;
  bool suffices(const TlbEntry& entry, arch::Access access, Privilege privilege) const;
  void enter_tlb(const TlbEntry& entry);
  void leave_tlb(const TlbEntry& entry, Tlb::Place place);
  void told_evicted(const TlbEntry& entry);
  void mark_table(Hpa entry, u8 mark);

  struct Flush;
  void flush(const Flush& flush);
  void context_changed() { ++generation_; }
  void drop_after_page_fault(Gva address);
  void drop_after_ept_violation(Gva address, Gpa physical);

  memory::HostMemory& memory_;
  trace::Bus& bus_;
  MmuOptions options_;
  MmuCosts costs_;
  u64& cycles_;
  PagingState state_;
  u64 generation_ = 0;
  EvictListener evicted_;

  TableFormat guest_formats_[2];  // [EFER.NXE]
  TableFormat ept_format_;
  Tlb tlb_;             // linear and combined mappings
  Tlb guest_physical_;  // guest-physical mappings
  StructureCache linear_structures_;
  StructureCache ept_structures_;
};

}  // namespace trapline::mmu
