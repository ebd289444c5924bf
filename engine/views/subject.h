// Something that can be selected and that events change: an address, a register, a VMCS field, a slot of the TLB.
#pragma once

#include <compare>

#include "base/integers.h"

namespace trapline::views {

enum class SubjectKind : u8 {
  none,
  linear,          // value: GVA
  guest_physical,  // value: GPA
  host_physical,   // value: HPA
  vmcs_field,      // value: encoding
  control_register,
  msr,         // value: index
  tlb_slot,    // value: set << 16 | way
  virtqueue,   // value: queue
  descriptor,  // value: queue << 16 | index
};

struct Subject {
  SubjectKind kind = SubjectKind::none;
  u64 value = 0;
  u64 bytes = 8;  // of an address: how many from there

  friend auto operator<=>(const Subject&, const Subject&) = default;
};

}  // namespace trapline::views
