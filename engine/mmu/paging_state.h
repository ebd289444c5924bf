// What decides a translation besides the tables: control registers, EFER, RFLAGS.AC, and under VMX the VPID and EPTP.
//
// Registers as in SDM vol. 3, "Control Registers" and "4-Level Paging". Whoever owns the processor keeps them current.
#pragma once

#include <optional>

#include "arch/cpu_state.h"
#include "base/bits.h"
#include "trace/event.h"

namespace trapline::mmu {

// Whose access it is (SDM vol. 3, "Access Rights"). An implicit supervisor access (to a descriptor table or a TSS) is a
// supervisor's at any CPL, and RFLAGS.AC does not excuse it from SMAP.
enum class Privilege : u8 { user, supervisor, implicit_supervisor };

struct PagingState {
  u64 cr0 = 0;
  u64 cr3 = 0;
  u64 cr4 = 0;
  u64 efer = 0;
  bool alignment_check = false;    // RFLAGS.AC
  u16 vpid = 0;                    // 0 outside VMX non-root operation and where VPID is not enabled
  std::optional<u64> ept_pointer;  // the EPTP while EPT translates guest-physical addresses
  // What walk_ref says of the linear tables: the guest's own, or shadow tables that a monitor made.
  trace::Dimension linear_tables = trace::Dimension::guest;
  // The guest's own tables, holding host-physical addresses (a paravirtual guest's direct paging): frames get their
  // guest-physical names from their owner, as under shadow tables.
  bool direct_paging = false;

  constexpr bool tables_hold_host_addresses() const {
    return direct_paging || linear_tables == trace::Dimension::shadow;
  }

  constexpr bool paging() const { return cr0 & arch::cr0::pg; }
  // The only paging mode modelled: 4-level paging. 32-bit, PAE and 5-level paging are not.
  constexpr bool four_level() const {
    return (cr4 & arch::cr4::pae) && !(cr4 & arch::cr4::la57) && (efer & arch::efer::lma);
  }
  constexpr u16 pcid() const { return cr4 & arch::cr4::pcide ? bits(cr3, 11, 0) : 0; }
  constexpr bool no_execute() const { return efer & arch::efer::nxe; }
  constexpr bool ept_access_flags() const { return ept_pointer && has_bit(*ept_pointer, 6); }

  constexpr void load_control_registers(const arch::CpuState& state) {
    cr0 = state.cr0;
    cr3 = state.cr3;
    cr4 = state.cr4;
    efer = state.efer;
  }
  constexpr void load_registers(const arch::CpuState& state) {
    load_control_registers(state);
    alignment_check = state.rflags & arch::flag::ac;
  }
};

// For whoever walks a guest's tables in its processor's stead: outside VMX, by the guest's own registers.
constexpr PagingState paging_state_of(const arch::CpuState& state) {
  PagingState paging;
  paging.load_registers(state);
  return paging;
}
// Of the code that runs, for the accesses that it names itself.
constexpr Privilege privilege_of(const arch::CpuState& state) {
  return state.cpl() == 3 ? Privilege::user : Privilege::supervisor;
}

}  // namespace trapline::mmu
