// The boot modules that built-in guests bring along.
#pragma once

#include <string_view>
#include <vector>

#include "base/integers.h"

namespace trapline::session {

// Empty for a guest without one. `shuffle` runs a table that is made from the seed.
std::vector<std::byte> built_in_module(std::string_view guest, u64 seed);

}  // namespace trapline::session
