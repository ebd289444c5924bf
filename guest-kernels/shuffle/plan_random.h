// SplitMix64: the plan's dice, and the generator behind the disk's contents (MACHINE.md, "The disk").
#pragma once
#include <cstdint>

namespace trapline::shuffle {

class Random {
 public:
  explicit Random(std::uint64_t state) : state_(state) {}
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
  }
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }
  bool coin() { return (next() & 1) != 0; }

 private:
  std::uint64_t state_;
};

// One step of every checksum of the guests (common/user/library.h).
inline std::uint64_t mix(std::uint64_t sum, std::uint64_t word) {
  sum ^= word;
  return (sum << 23 | sum >> 41) * 0x9e3779b97f4a7c15;
}

}  // namespace trapline::shuffle
