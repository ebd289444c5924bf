// Cases for the checks of VM entry: how to break each rule, and only it.
#pragma once

#include <span>

#include "lab.h"

namespace trapline::vmx::test {

using spec::EntryRule;
using F = VmcsField;

// A VMCS on its way to being broken, with the processor that will judge it.
struct Patient {
  Vmcs vmcs;
  Capabilities capabilities;
  bool host_in_long_mode = true;

  void set(F field, u64 value) { vmcs.set(field, value); }
  void add(F field, u64 value) { vmcs.set(field, vmcs.get(field) | value); }
  void drop(F field, u64 value) { vmcs.set(field, vmcs.get(field) & ~value); }

  void inject(u32 vector, u32 type, bool error_code = false) {
    set(F::vm_entry_interruption_information, bit(31) | (error_code ? bit(11) : 0) | type << 8 | vector);
  }
  // A processor that also offers what the model does not, for rules about such controls.
  void offer_everything() {
    capabilities.pin.may_be_one = capabilities.primary.may_be_one = capabilities.secondary.may_be_one = ~0U;
    capabilities.exit.may_be_one = capabilities.entry.may_be_one = ~0U;
    capabilities.exit.must_be_one &= ~exit_control::host_address_space_size;
    capabilities.entry.must_be_one &= ~entry_control::ia32e_mode_guest;
    capabilities.misc |= bit(7) | bit(8);
  }
  // A 32-bit guest with PAE paging.
  void make_legacy_guest() {
    offer_everything();
    drop(F::vm_entry_controls, entry_control::ia32e_mode_guest);
    set(F::guest_efer, 0);
    set(F::guest_cs_access_rights, 0xc09b);
    set(F::guest_cr0, 0x80010031);
  }
  void make_virtual_8086() {
    make_legacy_guest();
    set(F::guest_rflags, bit(17) | 2);
    for (u32 index = 0; index < 6; ++index) {
      set(static_cast<F>(0x0800 + 2 * index), 0x101 * index);
      set(static_cast<F>(0x6806 + 2 * index), 0x1010 * index);
      set(static_cast<F>(0x4800 + 2 * index), 0xffff);
      set(static_cast<F>(0x4814 + 2 * index), 0xf3);
    }
  }
  void make_legacy_host() {
    make_legacy_guest();
    host_in_long_mode = false;
    drop(F::vm_exit_controls, exit_control::host_address_space_size);
    set(F::host_efer, 0);
    set(F::host_rip, 0x1000);
  }
  void make_unrestricted() {
    offer_everything();
    add(F::secondary_processor_based_controls, secondary::unrestricted_guest);
  }
};

struct Case {
  EntryRule rule;
  void (*break_it)(Patient& patient);
};

inline constexpr u64 not_canonical = 0x0000800000000000;
inline constexpr u64 beyond_width = 1ULL << 46;

std::span<const Case> control_and_host_cases();
std::span<const Case> guest_cases();

}  // namespace trapline::vmx::test
