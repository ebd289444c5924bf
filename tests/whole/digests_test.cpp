// Both guests end by themselves with the facts that were known before they ran, on both metals, within the sizes that
// hosts which emulate kernel code can bear.
#include <algorithm>
#include <doctest/doctest.h>

#include "whole/lane.h"

namespace trapline::whole {
namespace {

using trace::Level;
using trace::MetalKind;

constexpr u64 most_retired = 200'000, most_in_kernel = 20'000;

void check_ended_well(const Ran& ran) {
  CAPTURE(ran.result().sentence);
  CHECK(ran.result().outcome == trace::Outcome::finished);
  CHECK(ran.result().exit_code == 0);
}

void check_tour(MetalKind metal) {
  const Ran ran(lane("tour", 1, Level::exits, metal));
  check_ended_well(ran);
  CHECK(ran.facts() == tour_facts());
  CHECK(ran.result().digest == sha256_of(tour_facts()));
}

u64 check_shuffle(u64 seed, MetalKind metal) {
  CAPTURE(seed);
  const Ran ran(lane("shuffle", seed, Level::exits, metal));
  check_ended_well(ran);
  if (ran.result().digest != shuffle_digest(seed)) CHECK(ran.facts() == shuffle_facts(seed));
  CHECK(ran.result().digest == shuffle_digest(seed));
  const u64 retired = ran.result().retired.value_or(0);
  CHECK(retired <= most_retired);
  return retired;
}

// Of those with one retired count only the last went on: the others faulted or were broken off by an exit.
u64 retired_in_kernel(const Ran& ran) {
  u64 count = 0, last = trace::unknown_number;
  bool last_in_kernel = false;
  auto cursor = ran.trace().events(ran.trace().kinds<trace::Instruction>());
  while (const trace::RecordedEvent* event = cursor.next()) {
    if (event->stamp().retired != last) count += last_in_kernel;
    last = event->stamp().retired;
    last_in_kernel = event->as<trace::Instruction>()->cpl == 0;
  }
  return count + last_in_kernel;
}

TEST_CASE("tour prints on soft what real processors print") { check_tour(MetalKind::soft); }
KVM_TEST("tour prints on kvm what real processors print") { check_tour(MetalKind::kvm); }

TEST_CASE("a hundred shuffles on soft print what the generator worked out") {
  u64 least = ~0ULL, most = 0;
  for (u64 seed = 1; seed <= 100; ++seed) {
    const u64 retired = check_shuffle(seed, MetalKind::soft);
    least = std::min(least, retired);
    most = std::max(most, retired);
  }
  MESSAGE("shuffle retires " << least << " to " << most << " instructions");
  CHECK(least > 50'000);
}
KVM_TEST("five shuffles on kvm print what the generator worked out") {
  for (u64 seed = 1; seed <= 5; ++seed) check_shuffle(seed, MetalKind::kvm);
}

TEST_CASE("few instructions run at CPL 0, and not nearly none") {
  for (const std::string guest : {"tour", "shuffle"})
    for (const u64 seed : {1, 18, 82}) {  // of the shuffles the longest two of a hundred
      CAPTURE(guest);
      CAPTURE(seed);
      const Ran ran(lane(guest, seed, Level::instructions));
      const u64 in_kernel = retired_in_kernel(ran);
      MESSAGE(guest << ", seed " << seed << ": " << in_kernel << " instructions at CPL 0");
      CHECK(in_kernel <= most_in_kernel);
      CHECK(in_kernel > 1'000);
      CHECK(ran.trace().count_of("instruction") >= *ran.result().retired);
      if (guest == "tour") break;  // its seed scatters host frames only
    }
}

}  // namespace
}  // namespace trapline::whole
