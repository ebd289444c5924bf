// A place in the document, and what somebody may have selected there.
#pragma once

#include <compare>
#include <cstddef>
#include <string>

#include "base/integers.h"

namespace trapline::window {

struct Moment {
  std::size_t lane = 0;  // in the document's list
  u64 sequence = 0;      // of the event; state is shown as after it

  friend auto operator<=>(const Moment&, const Moment&) = default;
};

constexpr u64 no_horizon = ~u64{0};  // everything may be seen

}  // namespace trapline::window
