// Bytes that are to run as they are, as an image: for guests that a script assembles.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/address.h"

namespace trapline::boot {

// An ELF file of one segment, loaded and linked at `origin`, that starts at `entry`.
std::vector<std::byte> image_of(std::span<const std::byte> code, Gpa origin, u64 entry);

}  // namespace trapline::boot
