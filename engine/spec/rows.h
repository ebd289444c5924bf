// What every table of this room promises, checked while compiling: rows in rising order, nothing twice.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/integers.h"

namespace trapline::spec {

// Rows have a `value` that strictly rises: sorted, and no value twice.
template <typename Row, std::size_t count>
consteval bool values_rise(const Row (&rows)[count]) {
  for (std::size_t i = 1; i < count; ++i)
    if (!(static_cast<u64>(rows[i - 1].value) < static_cast<u64>(rows[i].value))) return false;
  return true;
}

template <typename Row, std::size_t count>
consteval bool names_differ(const Row (&rows)[count]) {
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = i + 1; j < count; ++j)
      if (rows[i].name == rows[j].name) return false;
  return true;
}

}  // namespace trapline::spec
