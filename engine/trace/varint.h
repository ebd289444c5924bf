// Integers of 7 bits a byte, low bits first, the top bit set on all but the last: the numbers of a trace file.
// Signed differences are folded by zigzag (0, -1, 1, -2 become 0, 1, 2, 3), so that small ones stay short.
#pragma once

#include <string>

#include "base/integers.h"

namespace trapline::trace {

inline constexpr std::size_t max_varint_bytes = 10;

constexpr u64 zigzag(u64 difference) { return (difference << 1) ^ (0 - (difference >> 63)); }
constexpr u64 unzigzag(u64 folded) { return (folded >> 1) ^ (0 - (folded & 1)); }

// Writes at most max_varint_bytes; returns the place behind.
inline u8* put_varint(u8* out, u64 value) {
  while (value >= 0x80) {
    *out++ = static_cast<u8>(value) | 0x80;
    value >>= 7;
  }
  *out++ = static_cast<u8>(value);
  return out;
}

inline void append_varint(std::string& out, u64 value) {
  u8 bytes[max_varint_bytes];
  const u8* const end = put_varint(bytes, value);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(end - bytes));
}

// Reads one from hostile bytes: null where it does not end before `end` or within ten bytes. Bits above 63 are dropped.
inline const u8* get_varint(const u8* in, const u8* end, u64& value) {
  value = 0;
  for (unsigned shift = 0; shift < 70 && in != end; shift += 7) {
    const u8 byte = *in++;
    value |= static_cast<u64>(byte & 0x7f) << shift;
    if (byte < 0x80) return in;
  }
  return nullptr;
}

}  // namespace trapline::trace
