// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators"): the same numbers on every host.
#pragma once

#include "base/integers.h"

namespace trapline {

inline constexpr u64 split_mix_step = 0x9e3779b97f4a7c15;

inline u64 next_split_mix(u64& state) {
  state += split_mix_step;
  u64 mixed = state;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

}  // namespace trapline
