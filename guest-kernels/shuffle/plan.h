// The second guest's plan: a boot module made from a seed, and the fact lines that a right machine prints for it.
// Includes nothing of the lab's engine: what the facts must be is worked out here from the manuals' rules alone.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace trapline::shuffle {

struct Plan {
  std::vector<std::byte> module;
  std::string expected_facts;  // all fact lines, in order, each with its LF
};

Plan make_plan(std::uint64_t seed);

}  // namespace trapline::shuffle
