// Who may do what with a page under 4-level paging, and what a page fault says (SDM vol. 3, "Determination of Access
// Rights" and "Page-Fault Exceptions").
#pragma once

#include "arch/fault.h"
#include "mmu/paging_state.h"
#include "mmu/walker.h"

namespace trapline::mmu {

// What all entries of a translation together grant.
struct PageRights {
  bool writable = false;
  bool user = false;
  bool no_execute = false;

  static constexpr PageRights of(const Gathered& gathered) {
    return {(gathered.all & arch::pte::writable) != 0, (gathered.all & arch::pte::user) != 0,
            (gathered.any & arch::pte::no_execute) != 0};
  }
  friend bool operator==(const PageRights&, const PageRights&) = default;
};

bool permits(const PagingState& state, PageRights rights, arch::Access access, Privilege privilege);

// Why a walk ended without a translation.
enum class FaultReason : u8 { not_present, reserved_bit, no_right };
u32 page_fault_error(const PagingState& state, FaultReason reason, arch::Access access, Privilege privilege);

}  // namespace trapline::mmu
