// Numbers as text, appended without an allocation: what printing a million events spends its time on.
#pragma once

#include <charconv>
#include <string>

#include "base/integers.h"

namespace trapline::trace {

inline void append_decimal(std::string& out, u64 value) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

inline void append_hex(std::string& out, u64 value) {
  char digits[16];
  out += "0x";
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value, 16).ptr);
}

}  // namespace trapline::trace
