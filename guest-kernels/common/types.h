// The integer names of the guest kernels: freestanding, so nothing but <cstdint> and <cstddef> stands below.
#pragma once
#include <cstddef>
#include <cstdint>

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
