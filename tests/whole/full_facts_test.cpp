// Technique full is the same guest as technique hardware: the same facts, which are known from elsewhere.
#include <doctest/doctest.h>

#include "whole/lane.h"

namespace trapline::whole {
namespace {

using trace::Level;
using trace::MetalKind;

// Sanitizers make a lane eight times as long.
#ifdef TRAPLINE_SANITIZED
constexpr u64 shuffles = 8;
#else
constexpr u64 shuffles = 100;
#endif

TEST_CASE("tour under full prints what it prints under hardware, which is what real processors print") {
  const Ran full(full_lane(tour)), hardware(lane_of(tour, trace::Technique::hardware));
  CHECK(full.result().outcome == trace::Outcome::finished);
  CHECK(full.facts() == tour_facts());
  CHECK(full.result().digest == hardware.result().digest);
  CHECK(full.result().retired == hardware.result().retired);
}

TEST_CASE("shuffles under full on soft print what the generator worked out") {
  for (u64 seed = 1; seed <= shuffles; ++seed) check_right({"shuffle", seed}, full_lane({"shuffle", seed}));
}

KVM_TEST("tour and five shuffles under full on kvm print what was known before") {
  check_right(tour, full_lane(tour, Level::exits, MetalKind::kvm));
  for (u64 seed = 1; seed <= 5; ++seed)
    check_right({"shuffle", seed}, full_lane({"shuffle", seed}, Level::exits, MetalKind::kvm));
}

}  // namespace
}  // namespace trapline::whole
