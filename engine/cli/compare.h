// `trapline compare`: the comparison as text for a reader, and as JSON for programs.
#pragma once

#include "cli/commands.h"
#include "compare/comparison.h"
#include "spec/costs.h"

namespace trapline::cli {

std::string compare_text(const std::vector<compare::Lane>& lanes, const std::vector<spec::GenerationInfo>& generations);
std::string compare_json(const std::vector<compare::Lane>& lanes, const std::vector<spec::GenerationInfo>& generations);

}  // namespace trapline::cli
