// Bit fields as the manuals write them: bit 7, bits 51:12.
#pragma once

#include "base/integers.h"

namespace trapline {

constexpr u64 bit(unsigned index) { return 1ULL << index; }

// A mask of the bits high:low, both inclusive.
constexpr u64 bit_mask(unsigned high, unsigned low) {
  const u64 up_to_high = high >= 63 ? ~0ULL : (1ULL << (high + 1)) - 1;
  return up_to_high & ~((1ULL << low) - 1);
}

// The field high:low of a value, shifted down to bit 0.
constexpr u64 bits(u64 value, unsigned high, unsigned low) { return (value & bit_mask(high, low)) >> low; }

constexpr bool has_bit(u64 value, unsigned index) { return (value >> index) & 1; }

constexpr u64 with_bit(u64 value, unsigned index, bool set) { return set ? value | bit(index) : value & ~bit(index); }

// Sign extension of the low `width` bits (8, 16, 32 or 64).
constexpr u64 sign_extend(u64 value, unsigned width) {
  const unsigned unused = 64 - width;
  return static_cast<u64>(static_cast<i64>(value << unused) >> unused);
}

constexpr u64 low_bytes_mask(unsigned bytes) { return bytes >= 8 ? ~0ULL : (1ULL << (bytes * 8)) - 1; }

// Linear addresses of 48 bits: bits 63:47 are all equal (SDM vol. 1, "Canonical Addressing").
constexpr bool is_canonical(u64 linear) { return sign_extend(linear, 48) == linear; }

}  // namespace trapline
