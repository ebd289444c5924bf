// "Did you mean": the known names that a mistyped one is closest to.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace trapline {

// "; did you mean A, B or C?", or empty where nothing known is near.
std::string did_you_mean(std::string_view wrong, std::span<const std::string_view> known);

}  // namespace trapline
