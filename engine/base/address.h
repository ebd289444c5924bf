// The four kinds of address, as types that do not convert into each other.
//
// Gva: linear (guest-virtual). Gpa: guest-physical. Hpa: host-physical, of the modelled machine on soft or of
// this host on kvm. Hva: an address in this process. Confusing two of them is the classic error of the field, so it
// is a compile error here. `Address::unknown()` stands for what a metal cannot know; it is never a real address.
#pragma once

#include <compare>

#include "base/integers.h"

namespace trapline {

inline constexpr u64 page_bits = 12;
inline constexpr u64 page_bytes = 1ULL << page_bits;
inline constexpr u64 unknown_address = ~0ULL;

template <typename Space>
struct Address {
  u64 value = 0;

  constexpr Address() = default;
  constexpr explicit Address(u64 raw) : value(raw) {}

  static constexpr Address unknown() { return Address(unknown_address); }
  static constexpr Address of_page(u64 number) { return Address(number << page_bits); }

  constexpr bool known() const { return value != unknown_address; }
  constexpr u64 page_number() const { return value >> page_bits; }
  constexpr u64 page_offset() const { return value & (page_bytes - 1); }
  constexpr Address page() const { return Address(value & ~(page_bytes - 1)); }

  friend constexpr Address operator+(Address address, u64 bytes) { return Address(address.value + bytes); }
  friend constexpr Address operator-(Address address, u64 bytes) { return Address(address.value - bytes); }
  friend constexpr u64 operator-(Address left, Address right) { return left.value - right.value; }
  friend constexpr auto operator<=>(Address, Address) = default;
};

using Gva = Address<struct GuestVirtualSpace>;
using Gpa = Address<struct GuestPhysicalSpace>;
using Hpa = Address<struct HostPhysicalSpace>;
using Hva = Address<struct HostVirtualSpace>;

}  // namespace trapline
