// The EPT pointer's fields: SDM vol. 3, "Extended-Page-Table Pointer (EPTP)".
#pragma once

#include "base/address.h"
#include "vmx/capabilities.h"

namespace trapline::vmx {

struct EptPointer {
  u64 value = 0;

  constexpr u64 memory_type() const { return bits(value, 2, 0); }
  constexpr u64 walk_length() const { return bits(value, 5, 3) + 1; }
  constexpr bool accessed_dirty() const { return has_bit(value, 6); }
  constexpr Hpa root() const { return Hpa(value & bit_mask(51, 12)); }

  // What VM entry checks, part by part.
  constexpr bool memory_type_valid(const Capabilities& of) const {
    return (memory_type() == 0 && (of.ept_vpid & ept_vpid_capability::uncacheable)) ||
           (memory_type() == 6 && (of.ept_vpid & ept_vpid_capability::write_back));
  }
  constexpr bool walk_length_valid(const Capabilities& of) const {
    return walk_length() == 4 && (of.ept_vpid & ept_vpid_capability::walk_length_4);
  }
  constexpr bool accessed_dirty_valid(const Capabilities& of) const {
    return !accessed_dirty() || (of.ept_vpid & ept_vpid_capability::accessed_dirty);
  }
  constexpr bool reserved_bits_zero(const Capabilities& of) const {
    return bits(value, 11, 7) == 0 && of.within_physical_width(value);
  }
  constexpr bool valid(const Capabilities& of) const {
    return memory_type_valid(of) && walk_length_valid(of) && accessed_dirty_valid(of) && reserved_bits_zero(of);
  }
};

}  // namespace trapline::vmx
