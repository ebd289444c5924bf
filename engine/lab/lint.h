// What a lab must be before learners get it: sentences, one for each thing to mend. It runs the lab, its solution and
// its exercise as shipped.
#pragma once

#include <string>
#include <vector>

#include "lab/place.h"

namespace trapline::lab {

Result<std::vector<std::string>> lint(const Place& place);

// The numbers from 10 on that stand bare in prose (not in code, figures or links), digits only, with their lines.
struct BareNumber {
  std::string digits;
  unsigned line = 0;
};
std::vector<BareNumber> bare_numbers(const std::string& source);

}  // namespace trapline::lab
