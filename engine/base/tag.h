// Four-letter tags of keyframe parts ("CPU0", "MEM0"). The first letter is the lowest byte, so that a dump of a little-
// endian file shows the letters in reading order.
#pragma once

#include <string>

#include "base/integers.h"

namespace trapline {

constexpr u32 tag(const char (&letters)[5]) {
  u32 value = 0;
  for (unsigned index = 0; index < 4; ++index)
    value |= static_cast<u32>(static_cast<unsigned char>(letters[index])) << (8 * index);
  return value;
}

// The letters back; a byte that does not print becomes '?'.
inline std::string tag_text(u32 value) {
  std::string text;
  for (unsigned index = 0; index < 4; ++index) {
    const char letter = static_cast<char>(value >> (8 * index));
    text += letter >= ' ' && letter <= '~' ? letter : '?';
  }
  return text;
}

}  // namespace trapline
