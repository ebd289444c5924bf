// Eight hexadecimal digits at once: the nibbles are spread over the bytes of a word and become letters together.
#pragma once
#include "types.h"

inline u64 hex_digits(u32 value) {  // first digit in the lowest byte, as it will lie in memory
  u64 spread = value;
  spread = (spread << 16 | spread) & 0x0000ffff0000ffff;
  spread = (spread << 8 | spread) & 0x00ff00ff00ff00ff;
  spread = (spread << 4 | spread) & 0x0f0f0f0f0f0f0f0f;
  const u64 letters = (spread + 0x0606060606060606) >> 4 & 0x0101010101010101;
  return __builtin_bswap64(spread + 0x3030303030303030 + letters * ('a' - '0' - 10));
}
