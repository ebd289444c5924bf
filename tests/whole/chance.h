// Numbers from a seed, the same on every host.
#pragma once

#include <cstddef>

#include "base/integers.h"

namespace trapline::whole {

// SplitMix64.
class Chance {
 public:
  // Neighbouring seeds must not give the same row, one step apart.
  explicit Chance(u64 seed) : state_(seed ^ seed << 40) { state_ = next() ^ next() << 1; }
  u64 next() {
    u64 z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  u64 below(u64 limit) { return next() % limit; }
  bool one_in(u64 number) { return below(number) == 0; }
  template <typename Value, std::size_t count>
  Value of(const Value (&values)[count]) {
    return values[below(count)];
  }

 private:
  u64 state_;
};

}  // namespace trapline::whole
