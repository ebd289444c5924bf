// Bytes as listings show them: 0f 01 c1.
#pragma once

#include <span>
#include <string>

#include "base/integers.h"

namespace trapline {

inline std::string hex_bytes(std::span<const u8> bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const u8 byte : bytes) {
    if (!text.empty()) text += ' ';
    text += {digits[byte >> 4], digits[byte & 15]};
  }
  return text;
}

}  // namespace trapline
