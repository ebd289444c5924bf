// What pictures are made of: guest `tour` recorded on the modelled processor, which gives the same traces everywhere,
// and traces that lack much: one with a header alone, a cut one, damaged ones, and one as the metal kvm records them.
#pragma once

#include <string>
#include <vector>

#include "base/integers.h"

namespace trapline::window::test {

struct Tour {
  std::string full, para, hardware;  // at level mmu
  std::string deep;                  // hardware at level instructions
  std::vector<std::string> three() const { return {full, para, hardware}; }
};

// Recorded when first asked for; gone when the test program ends.
const Tour& tour();

struct PoorTrace {
  std::string what;
  std::string path;
};
const std::vector<PoorTrace>& poor_traces();

// A sequence number that nobody can read, in the middle of a damaged trace; nothing where all can be read.
std::vector<u64> places_in(const std::string& trace);

}  // namespace trapline::window::test
