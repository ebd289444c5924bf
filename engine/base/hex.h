// Numbers as sentences write them: 0x1f.
#pragma once

#include <charconv>
#include <string>

#include "base/integers.h"

namespace trapline {

inline std::string hex_number(u64 value) {
  char digits[16];
  return "0x" + std::string(digits, std::to_chars(digits, digits + sizeof digits, value, 16).ptr);
}

}  // namespace trapline
