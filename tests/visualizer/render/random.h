// The same numbers in every run.
#pragma once

#include "base/split_mix.h"

namespace trapline::window::test {

struct Random {
  u64 state = 0;
  u64 next() { return next_split_mix(state); }
};

}  // namespace trapline::window::test
