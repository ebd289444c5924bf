// What this room prints as commands to type.
#pragma once

#include <string>

namespace trapline::lab {

inline constexpr const char* program = "scripts/trapline";

// Where the lanes of a lab lie once somebody has recorded them: trapline-out/NN-name, -seed-N behind where it is not 1.
inline std::string out_folder(const std::string& lab, unsigned long long seed) {
  return "trapline-out/" + lab + (seed == 1 ? "" : "-seed-" + std::to_string(seed));
}

}  // namespace trapline::lab
