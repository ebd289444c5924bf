// The manual's access rules in the manual's order.
#include "mmu/permissions.h"

namespace trapline::mmu {

namespace {

bool permits_supervisor(const PagingState& state, PageRights rights, arch::Access access, Privilege privilege) {
  const bool excused = privilege == Privilege::supervisor && state.alignment_check;
  const bool kept_out = rights.user && (state.cr4 & arch::cr4::smap) && !excused;
  switch (access) {
    case arch::Access::read:
      return !kept_out;
    case arch::Access::write:
      return !kept_out && (rights.writable || !(state.cr0 & arch::cr0::wp));
    case arch::Access::execute:
      if (rights.user && (state.cr4 & arch::cr4::smep)) return false;
      return !(rights.no_execute && state.no_execute());
  }
  return false;
}

}  // namespace

bool permits(const PagingState& state, PageRights rights, arch::Access access, Privilege privilege) {
  if (privilege != Privilege::user) return permits_supervisor(state, rights, access, privilege);
  if (!rights.user) return false;
  switch (access) {
    case arch::Access::read:
      return true;
    case arch::Access::write:
      return rights.writable;
    case arch::Access::execute:
      return !(rights.no_execute && state.no_execute());
  }
  return false;
}

u32 page_fault_error(const PagingState& state, FaultReason reason, arch::Access access, Privilege privilege) {
  namespace error = arch::pf_error;
  u32 code = reason == FaultReason::not_present ? 0 : error::present;
  if (reason == FaultReason::reserved_bit) code |= error::reserved;
  if (access == arch::Access::write) code |= error::write;
  if (privilege == Privilege::user) code |= error::user;
  // The I/D flag tells of a fetch only where fetches have rights of their own.
  const bool fetches_differ = state.no_execute() || (state.cr4 & arch::cr4::smep);
  if (access == arch::Access::execute && fetches_differ) code |= error::fetch;
  return code;
}

}  // namespace trapline::mmu
