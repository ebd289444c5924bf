// Modelled cycles by processor generation (costs.def).
#pragma once

#include <span>
#include <string_view>

#include "base/integers.h"

namespace trapline::spec {

enum class Generation : u8 { nehalem, sandy_bridge, skylake, ice_lake };
inline constexpr unsigned generation_count = 4;

struct GenerationInfo {
  Generation value;
  std::string_view name;
  u16 year;
};
std::span<const GenerationInfo> generation_rows();
inline constexpr Generation default_generation = Generation::skylake;

enum class Cost : u8 {
#define COST(name, nehalem, sandy_bridge, skylake, ice_lake, basis, unit, source) name,
#include "spec/costs.def"
#undef COST
};

enum class CostBasis : u8 { published, estimate };

struct CostInfo {
  Cost value;
  std::string_view name;
  u32 cycles[generation_count];  // by Generation
  CostBasis basis;
  std::string_view unit;
  std::string_view source;
};

std::span<const CostInfo> cost_rows();
const CostInfo& info_of(Cost cost);
inline u32 cycles_of(Cost cost, Generation generation) { return info_of(cost).cycles[static_cast<u8>(generation)]; }

}  // namespace trapline::spec
