// SDM vol. 3, "Checks on Guest Non-Register State".
#include "vmx/entry_checks.h"

namespace trapline::vmx::checks {
namespace {

constexpr u64 no_link = ~0ULL;
constexpr u32 sti_or_mov_ss = interruptibility::blocking_by_sti | interruptibility::blocking_by_mov_ss;

arch::Activity activity(const View& view) {
  return static_cast<arch::Activity>(view.get(VmcsField::guest_activity_state) & 3);
}

bool is_hardware_exception(const View& view, u8 vector) {
  return view.injects(arch::EventType::hardware_exception) && view.event_vector() == vector;
}

bool lets_event_through(const View& view) {
  const bool nmi_or_machine_check = view.injects(arch::EventType::nmi) || is_hardware_exception(view, arch::vector::mc);
  switch (activity(view)) {
    case arch::Activity::active:
      return true;
    case arch::Activity::halted:
      return nmi_or_machine_check || view.injects(arch::EventType::external_interrupt) ||
             is_hardware_exception(view, arch::vector::db);
    case arch::Activity::shutdown:
      return nmi_or_machine_check;
    case arch::Activity::wait_for_sipi:
      return false;
  }
  return false;
}

constexpr VmcsField blocking = VmcsField::guest_interruptibility_state;
constexpr VmcsField pending = VmcsField::guest_pending_debug_exceptions;
constexpr VmcsField link = VmcsField::vmcs_link_pointer;

}  // namespace

// ---- activity state ----------------------------------------------------------------------------------------------
Broken guest_activity_state_supported(const View& view) {
  const u64 state = view.get(VmcsField::guest_activity_state);
  // IA32_VMX_MISC bits 6, 7, 8: HLT, shutdown, wait-for-SIPI.
  const bool supported =
      state == 0 || (state <= 3 && has_bit(view.capabilities().misc, static_cast<unsigned>(5 + state)));
  return require(supported, VmcsField::guest_activity_state);
}
Broken guest_halted_only_at_ring_0(const View& view) {
  return require(activity(view) != arch::Activity::halted || view.segment(SegmentField::ss).dpl() == 0,
                 VmcsField::guest_activity_state);
}
Broken guest_active_while_blocking(const View& view) {
  return require(activity(view) == arch::Activity::active || !view.blocked_by(sti_or_mov_ss),
                 VmcsField::guest_activity_state);
}
Broken guest_activity_allows_event(const View& view) {
  return require(!view.has_event() || lets_event_through(view), VmcsField::guest_activity_state);
}

// ---- interruptibility state ----------------------------------------------------------------------------------------
Broken guest_interruptibility_reserved_bits_zero(const View& view) {
  return require(view.get(blocking) >> 4 == 0, blocking);
}
Broken guest_one_kind_of_blocking(const View& view) {
  return require((view.get(blocking) & sti_or_mov_ss) != sti_or_mov_ss, blocking);
}
Broken guest_sti_blocking_needs_if(const View& view) {
  const bool enabled = view.get(VmcsField::guest_rflags) & arch::flag::if_;
  return require(enabled || !view.blocked_by(interruptibility::blocking_by_sti), blocking);
}
Broken guest_interrupt_needs_no_blocking(const View& view) {
  return require(!view.injects(arch::EventType::external_interrupt) || !view.blocked_by(sti_or_mov_ss), blocking);
}
Broken guest_nmi_needs_no_mov_ss_blocking(const View& view) {
  return require(!view.injects(arch::EventType::nmi) || !view.blocked_by(interruptibility::blocking_by_mov_ss),
                 blocking);
}
Broken guest_not_in_smm(const View& view) {
  return require(!view.blocked_by(interruptibility::blocking_by_smi), blocking);
}
Broken guest_virtual_nmi_needs_no_blocking(const View& view) {
  const bool applies = view.pin(pin::virtual_nmis) && view.injects(arch::EventType::nmi);
  return require(!applies || !view.blocked_by(interruptibility::blocking_by_nmi), blocking);
}

// ---- pending debug exceptions ------------------------------------------------------------------------------------
Broken guest_pending_debug_reserved_bits_zero(const View& view) {
  constexpr u64 reserved = bit_mask(11, 4) | bit(13) | bit_mask(63, 15);
  return require((view.get(pending) & reserved) == 0, pending);
}
Broken guest_pending_debug_single_step(const View& view) {
  constexpr unsigned single_step = 14, branch_trap_flag = 1;
  const bool held_back = view.blocked_by(sti_or_mov_ss) || activity(view) == arch::Activity::halted;
  if (!held_back) return holds;
  const bool expected = (view.get(VmcsField::guest_rflags) & arch::flag::tf) &&
                        !has_bit(view.get(VmcsField::guest_debugctl), branch_trap_flag);
  return require(has_bit(view.get(pending), single_step) == expected, pending);
}

// ---- VMCS link pointer ---------------------------------------------------------------------------------------------
Broken guest_link_pointer_aligned(const View& view) {
  return require(view.get(link) == no_link || view.page_aligned(view.get(link)), link);
}
Broken guest_link_pointer_revision(const View& view) {
  const Hpa region(view.get(link));
  if (region.value == no_link || !view.page_aligned(region.value)) return holds;
  const memory::HostMemory& memory = view.context.memory;
  return require(memory.contains(region, page_bytes) && memory.read(region, 4) == view.capabilities().revision, link);
}
Broken guest_link_pointer_not_current(const View& view) {
  return require(view.get(link) == no_link || view.get(link) != view.vmcs.address().value, link);
}

}  // namespace trapline::vmx::checks
