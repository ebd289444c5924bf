// Masks, shadows and offsets: what a guest sees where it does not exit.
#include "vmx/guest_view.h"

#include "vmx/controls.h"
#include "vmx/ept_pointer.h"

namespace trapline::vmx {
namespace {

constexpr u64 choose(u64 mask, u64 where_one, u64 where_zero) { return (where_one & mask) | (where_zero & ~mask); }

}  // namespace

u64 guest_view_of_cr0(const Vmcs& vmcs, u64 cr0) {
  return choose(vmcs.get(VmcsField::cr0_guest_host_mask), vmcs.get(VmcsField::cr0_read_shadow), cr0);
}
u64 guest_view_of_cr4(const Vmcs& vmcs, u64 cr4) {
  return choose(vmcs.get(VmcsField::cr4_guest_host_mask), vmcs.get(VmcsField::cr4_read_shadow), cr4);
}
u64 cr0_after_write(const Vmcs& vmcs, u64 cr0, u64 value) {
  return choose(vmcs.get(VmcsField::cr0_guest_host_mask), cr0, value);
}
u64 cr4_after_write(const Vmcs& vmcs, u64 cr4, u64 value) {
  return choose(vmcs.get(VmcsField::cr4_guest_host_mask), cr4, value);
}

bool cr0_is_allowed(const Vmcs& vmcs, const Capabilities& capabilities, u64 cr0) {
  u64 must_be_one = capabilities.cr0_fixed0;
  if (vmcs.secondary(secondary::unrestricted_guest)) must_be_one &= ~(arch::cr0::pe | arch::cr0::pg);
  return (cr0 & must_be_one) == must_be_one && (cr0 & ~capabilities.cr0_fixed1) == 0;
}
bool cr4_is_allowed(const Capabilities& capabilities, u64 cr4) {
  return (cr4 & capabilities.cr4_fixed0) == capabilities.cr4_fixed0 && (cr4 & ~capabilities.cr4_fixed1) == 0;
}

u64 guest_time_stamp_counter(const Vmcs& vmcs, u64 time_stamp_counter) {
  return vmcs.primary(primary::use_tsc_offsetting) ? time_stamp_counter + vmcs.get(VmcsField::tsc_offset)
                                                   : time_stamp_counter;
}

u16 vpid_of(const Vmcs& vmcs) {
  return vmcs.secondary(secondary::enable_vpid) ? static_cast<u16>(vmcs.get(VmcsField::virtual_processor_identifier))
                                                : 0;
}
bool uses_ept(const Vmcs& vmcs) { return vmcs.secondary(secondary::enable_ept); }
Hpa ept_root_of(const Vmcs& vmcs) { return EptPointer{vmcs.get(VmcsField::ept_pointer)}.root(); }

}  // namespace trapline::vmx
