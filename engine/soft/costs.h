// The cost rows of one processor generation, as the soft metal charges them.
#pragma once

#include "spec/costs.h"

namespace trapline::soft {

class Costs {
 public:
  explicit Costs(spec::Generation generation = spec::default_generation) : generation_(generation) {}
  u64 operator[](spec::Cost cost) const { return spec::cycles_of(cost, generation_); }

 private:
  spec::Generation generation_;
};

}  // namespace trapline::soft
