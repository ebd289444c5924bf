// Every way in which cached translations go (SDM vol. 3, "Operations that Invalidate TLBs and Paging-Structure Caches",
// "Operations that Invalidate Cached Mappings" for VMX). What the manual requires is done, and no more: a guest that
// forgets an invalidation shall be able to see why that matters.
#include "mmu/mmu.h"

namespace trapline::mmu {

using trace::FlushCause;
using trace::FlushScope;
using Globals = Selection::Globals;
using Contexts = Selection::Contexts;

// One invalidation: what it selects of linear and combined mappings, and how the trace names it.
struct Mmu::Flush {
  FlushScope scope;
  FlushCause cause;
  Selection selection;
  std::optional<Selection> structures;  // where not the same as `selection`
  bool guest_physical = false;          // guest-physical mappings too
  Gva named_address;
  u16 named_vpid = 0;
  u16 named_pcid = 0;
  u64 named_ept = 0;
  u32 already_physical = 0;  // dropped by the caller, to be counted
  u32 already_structures = 0;
  bool silent_when_empty = false;
};

void Mmu::flush(const Flush& flush) {
  const bool one_page = flush.selection.address.has_value();
  const u32 entries = tlb_.drop(flush.selection, [&](const TlbEntry& entry, Tlb::Place) {
    if (one_page) told_evicted(entry);
  });
  u32 physical_entries = flush.already_physical;
  u32 structures = flush.already_structures + linear_structures_.drop(flush.structures.value_or(flush.selection));
  if (flush.guest_physical) {
    Selection physical;
    physical.ept = flush.selection.ept;
    physical_entries += guest_physical_.drop(physical, [](const TlbEntry&, Tlb::Place) {});
    structures += ept_structures_.drop(physical);
  }
  if (!one_page) ++generation_;
  if (flush.silent_when_empty && entries == 0 && physical_entries == 0 && structures == 0) return;
  trace::TlbFlush event;
  event.scope = static_cast<u8>(flush.scope);
  event.cause = static_cast<u8>(flush.cause);
  event.gva = one_page ? flush.named_address.value : unknown_address;
  event.vpid = flush.named_vpid;
  event.pcid = flush.named_pcid;
  event.ept_pointer = flush.named_ept;
  event.every_pcid = !flush.selection.pcid.has_value();
  event.globals = static_cast<u8>(flush.selection.globals);
  event.entries = entries;
  event.physical_entries = physical_entries;
  event.cached_structures = structures;
  bus_.emit(event);
}

// ---- instructions
// ----------------------------------------------------------------------------------------------------

// The page in the current PCID and global translations of it; of the paging-structure caches everything of the PCID.
void Mmu::invlpg(Gva address) {
  Selection page{.vpid = state_.vpid, .pcid = state_.pcid(), .address = address.value};
  page.globals = Globals::of_every_pcid;
  const Selection all_structures{.vpid = state_.vpid, .pcid = state_.pcid()};
  flush({.scope = FlushScope::one_page,
         .cause = FlushCause::invlpg,
         .selection = page,
         .structures = all_structures,
         .named_address = address,
         .named_vpid = state_.vpid,
         .named_pcid = state_.pcid()});
}

void Mmu::invpcid(InvpcidType type, u16 pcid, Gva address) {
  Flush what{.scope = FlushScope::one_pcid, .cause = FlushCause::invpcid};
  what.selection.vpid = what.named_vpid = state_.vpid;
  if (type == InvpcidType::address || type == InvpcidType::one_pcid) {
    what.selection.pcid = what.named_pcid = pcid;
    what.selection.globals = Globals::spared;
  }
  if (type == InvpcidType::address) {
    what.scope = FlushScope::one_page;
    what.selection.address = address.value;
    what.named_address = address;
  }
  if (type == InvpcidType::all) what.scope = FlushScope::one_vpid;
  if (type == InvpcidType::all_but_global) {
    what.scope = FlushScope::all_but_global;
    what.selection.globals = Globals::spared;
  }
  flush(what);
}

void Mmu::invvpid(InvvpidType type, u16 vpid, Gva address) {
  Flush what{.scope = FlushScope::one_vpid, .cause = FlushCause::invvpid};
  if (type == InvvpidType::all_vpids) {
    what.scope = FlushScope::all_contexts;
    what.selection.contexts = Contexts::vpid_not_zero;
  } else {
    what.selection.vpid = what.named_vpid = vpid;
  }
  if (type == InvvpidType::address) {
    what.scope = FlushScope::one_page;
    what.selection.address = address.value;
    what.named_address = address;
  }
  if (type == InvvpidType::one_vpid_but_global) {
    what.scope = FlushScope::all_but_global;
    what.selection.globals = Globals::spared;
  }
  flush(what);
}

void Mmu::invept(InveptType type, u64 ept_pointer) {
  Flush what{.scope = FlushScope::all_ept, .cause = FlushCause::invept, .guest_physical = true};
  what.selection.contexts = Contexts::with_ept;
  if (type == InveptType::one_ept) {
    what.scope = FlushScope::one_ept;
    what.selection.ept = (ept_pointer & ept::pointer_address) | 1;
    what.named_ept = ept_pointer & ept::pointer_address;
  }
  flush(what);
}

void Mmu::flush_everything(FlushCause cause) {
  flush({.scope = FlushScope::all_contexts, .cause = cause, .guest_physical = true});
}

// ---- control registers ---------------------------------------------------------------------------------------------

void Mmu::cr0_written(u64 old_value) {
  context_changed();
  const bool paging_ends = (old_value & arch::cr0::pg) && !state_.paging();
  if (!paging_ends) return;
  flush({.scope = FlushScope::one_vpid,
         .cause = FlushCause::mov_cr0,
         .selection = {.vpid = state_.vpid},
         .named_vpid = state_.vpid});
}

void Mmu::cr3_written(Cr3Write write) {
  context_changed();
  if (write == Cr3Write::keeps) return;
  Selection all{.vpid = state_.vpid, .pcid = state_.pcid()};
  all.globals = Globals::spared;
  flush({.scope = FlushScope::one_pcid,
         .cause = FlushCause::mov_cr3,
         .selection = all,
         .named_vpid = state_.vpid,
         .named_pcid = state_.pcid()});
}

void Mmu::cr4_written(u64 old_value) {
  context_changed();
  const u64 changed = old_value ^ state_.cr4;
  const u64 set = changed & state_.cr4, cleared = changed & old_value;
  Flush what{.scope = FlushScope::one_vpid, .cause = FlushCause::mov_cr4};
  what.selection.vpid = what.named_vpid = state_.vpid;
  if ((changed & arch::cr4::pge) || (cleared & arch::cr4::pcide)) {
    flush(what);
  } else if ((changed & arch::cr4::pae) || (set & arch::cr4::smep)) {
    what.scope = FlushScope::one_pcid;
    what.selection.pcid = what.named_pcid = state_.pcid();
    what.selection.globals = Globals::of_every_pcid;
    flush(what);
  }
}

void Mmu::efer_written() { context_changed(); }

// ---- VMX transitions -----------------------------------------------------------------------------------------------

// SDM vol. 3, "VM Entries" and "VM Exits" under "Operations that Invalidate Cached Mappings": without VPID all linear
// and combined mappings of VPID 0 go, guest-physical mappings stay.
void Mmu::vm_entry(VpidControl control) {
  context_changed();
  if (control == VpidControl::enabled) return;
  flush({.scope = FlushScope::one_vpid, .cause = FlushCause::vm_entry, .selection = {.vpid = u16{0}}});
}

void Mmu::vm_exit(VpidControl control) {
  context_changed();
  if (control == VpidControl::enabled) return;
  flush({.scope = FlushScope::one_vpid, .cause = FlushCause::vm_exit, .selection = {.vpid = u16{0}}});
}

// ---- faults --------------------------------------------------------------------------------------------------------

void Mmu::drop_after_page_fault(Gva address) {
  Selection page{.vpid = state_.vpid, .pcid = state_.pcid(), .address = address.value};
  page.globals = Globals::of_every_pcid;
  flush({.scope = FlushScope::one_page,
         .cause = FlushCause::page_fault,
         .selection = page,
         .named_address = address,
         .named_vpid = state_.vpid,
         .named_pcid = state_.pcid(),
         .silent_when_empty = true});
}

// SDM vol. 3, "Operations that Invalidate Cached Mappings": guest-physical mappings of the address, and combined
// mappings of the linear address.
void Mmu::drop_after_ept_violation(Gva address, Gpa physical) {
  const Tag current = tag();
  Selection page{.ept = current.ept, .address = physical.value};
  const u32 entries = guest_physical_.drop(page, [](const TlbEntry&, Tlb::Place) {});
  const u32 structures = ept_structures_.drop(page);
  Selection linear{.vpid = current.vpid, .pcid = current.pcid, .ept = current.ept, .address = address.value};
  linear.globals = Globals::of_every_pcid;
  flush({.scope = FlushScope::one_page,
         .cause = FlushCause::ept_violation,
         .selection = linear,
         .named_address = address,
         .named_vpid = current.vpid,
         .named_pcid = current.pcid,
         .named_ept = current.ept_pointer(),
         .already_physical = entries,
         .already_structures = structures,
         .silent_when_empty = true});
}

}  // namespace trapline::mmu
