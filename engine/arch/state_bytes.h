// A processor's state as bytes: the keyframe part `CPU0` of every metal, so that one reader serves all traces.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "arch/cpu_state.h"

namespace trapline::arch {

// The tag of the keyframe part, in the order of its letters.
inline constexpr u32 cpu_state_tag = 'C' | 'P' << 8 | 'U' << 16 | '0' << 24;

std::vector<std::byte> to_bytes(const CpuState& state);
// Nothing where the bytes are not what to_bytes() of this layout makes.
std::optional<CpuState> cpu_state_from(std::span<const std::byte> bytes);

}  // namespace trapline::arch
