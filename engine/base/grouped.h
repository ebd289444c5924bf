// Numbers in sentences and tables are for people: 1234567 as 1,234,567.
#pragma once

#include <string>

#include "base/integers.h"

namespace trapline {

inline std::string grouped(u64 number) {
  std::string digits = std::to_string(number);
  for (std::size_t position = digits.size(); position > 3;) {
    position -= 3;
    digits.insert(position, ",");
  }
  return digits;
}

}  // namespace trapline
