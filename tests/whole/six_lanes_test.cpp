// Three techniques on two metals: one guest, one set of facts, and each technique by its own means alone. Then what is
// para's: that it repeats, and that neither small TLBs, nor neighbours, nor the moments of its events show in the
// guest.
#include <algorithm>
#include <doctest/doctest.h>
#include <map>

#include "trace/canonical.h"
#include "whole/lane.h"
#include "whole/time_leaps.h"

namespace trapline::whole {
namespace {

using trace::Level;
using trace::MetalKind;
using trace::Technique;

#ifdef TRAPLINE_SANITIZED
constexpr u64 shuffles = 10, disturbed_shuffles = 2, leap_seeds = 1, least_met = 3;
#else
constexpr u64 shuffles = 100, disturbed_shuffles = 10, leap_seeds = 5, least_met = 100;
#endif

constexpr Technique techniques[] = {Technique::full, Technique::para, Technique::hardware};

session::RunRequest para_lane(const Guest& guest, Level level = Level::exits, MetalKind metal = MetalKind::soft) {
  return lane_of(guest, Technique::para, level, metal);
}

// Each lane of these, run once for all tests.
const Ran& recorded(const Guest& guest, Technique technique, Level level = Level::mmu) {
  static std::map<std::tuple<std::string, Level, Technique>, std::unique_ptr<Ran>> runs;
  std::unique_ptr<Ran>& run = runs[{guest.text(), level, technique}];
  if (!run) run = std::make_unique<Ran>(lane_of(guest, technique, level));
  return *run;
}

// ---- one set of facts ----------------------------------------------------------------------------------------------
TEST_CASE("tour prints the same on soft under every technique") {
  for (const Technique technique : techniques) check_right(tour, recorded(tour, technique));
}
KVM_TEST("tour prints the same on kvm under every technique") {
  for (const Technique technique : techniques)
    check_right(tour, lane_of(tour, technique, Level::exits, MetalKind::kvm));
}
TEST_CASE("a hundred shuffles under para on soft print what the generator worked out") {
  for (u64 seed = 1; seed <= shuffles; ++seed) {
    const Guest guest{"shuffle", seed};
    check_right(guest, para_lane(guest));
  }
}
KVM_TEST("five shuffles under para on kvm print what the generator worked out") {
  for (u64 seed = 1; seed <= 5; ++seed) {
    const Guest guest{"shuffle", seed};
    check_right(guest, para_lane(guest, Level::exits, MetalKind::kvm));
  }
}

// ---- means ---------------------------------------------------------------------------------------------------------
u64 ept_references(const Ran& ran) {
  u64 count = 0;
  auto cursor = ran.trace().events(ran.trace().kinds<trace::WalkReference>());
  while (const trace::RecordedEvent* event = cursor.next())
    count += event->as<trace::WalkReference>()->dimension == static_cast<u8>(trace::Dimension::ept);
  return count;
}

u64 general_protection_traps(const Ran& ran) {
  u64 count = 0;
  auto cursor = ran.trace().events(ran.trace().kinds<trace::Trap>());
  while (const trace::RecordedEvent* event = cursor.next()) {
    const auto trap = event->as<trace::Trap>();
    count += trap->trap_kind == static_cast<u8>(trace::TrapKind::exception) && trap->vector == 13;
  }
  return count;
}

void check_only_in(const std::string& what, const std::vector<Technique>& in, Technique technique, u64 count) {
  CAPTURE(what);
  CAPTURE(trace::name_of(technique));
  CHECK((count > 0) == (std::ranges::count(in, technique) != 0));
}

TEST_CASE("each technique's trace holds its own means, and none of the others'") {
  const std::map<std::vector<Technique>, std::vector<std::string>> kinds = {
      {{Technique::hardware}, {"vm_exit", "vm_entry", "vmcs_read", "vmcs_write"}},
      {{Technique::full},
       {"block_translated", "block_invalidated", "emulation", "shadow_fill", "shadow_protect", "shadow_sync",
        "shadow_zap"}},
      {{Technique::para},
       {"hypercall", "hypercall_return", "upcall", "event_channel", "frame_type", "page_table_update"}},
      {{Technique::full, Technique::para}, {"trap", "fault_reflected"}},
  };
  for (const Guest& guest : {tour, shuffle})
    for (const Technique technique : techniques) {
      CAPTURE(guest.text());
      const Ran& ran = recorded(guest, technique);
      for (const auto& [in, names] : kinds)
        for (const std::string& name : names) check_only_in(name, in, technique, ran.trace().count_of(name));
      check_only_in("EPT references", {Technique::hardware}, technique, ept_references(ran));
      if (technique == Technique::hardware) CHECK(general_protection_traps(ran) == 0);
      if (technique == Technique::full) CHECK(general_protection_traps(ran) > 0);
    }
}

TEST_CASE("a paravirtual guest that means well is refused nothing") {
  for (const Guest& guest : {tour, shuffle, Guest{"shuffle", 18}})
    CHECK(recorded(guest, Technique::para).trace().count_of("hypercall_refused") == 0);
}

// ---- repeating -----------------------------------------------------------------------------------------------------
TEST_CASE("two runs under para have one event hash") {
  for (const Guest& guest : {tour, shuffle}) {
    CAPTURE(guest.text());
    const Ran again(para_lane(guest, Level::mmu));
    CHECK(again.result().event_hash == recorded(guest, Technique::para).result().event_hash);
    CHECK(again.trace().verify().ok());
  }
}

TEST_CASE("a para lane's trace of a lower level is the filtered trace of a higher one") {
  check_levels_nest(
      [](const Guest& guest, Level level) -> const Ran& { return recorded(guest, Technique::para, level); });
}

// ---- strange configurations, and neighbours ------------------------------------------------------------------------
TEST_CASE("strange TLBs change no fact under para") {
  for (const Guest& guest : {tour, shuffle}) {
    session::RunRequest request = para_lane(guest);
    request.hardware.tlb_sets = 1;
    request.hardware.tlb_ways = 2;
    check_right(guest, request);
    request.hardware.paging_structure_caches = false;
    check_right(guest, request);
    request = para_lane(guest);
    request.hardware.tlb_sets = 64;
    request.hardware.tlb_ways = 64;
    check_right(guest, request);
  }
}

TEST_CASE("lanes of three techniques that take turns do not disturb each other") {
  const test::Folder folders[4];
  const Guest guests[] = {tour, shuffle, tour, shuffle};
  const Technique of[] = {Technique::para, Technique::para, Technique::full, Technique::hardware};
  std::unique_ptr<session::Session> sessions[4];
  for (unsigned i = 0; i < 4; ++i) {
    session::RunRequest request = lane_of(guests[i], of[i], Level::mmu);
    request.out_folder = folders[i].path();
    sessions[i] = open(request, {});
  }
  bool running[4] = {true, true, true, true};
  while (std::ranges::count(running, true) != 0)
    for (unsigned i = 0; i < 4; ++i) running[i] = running[i] && sessions[i]->step();
  for (unsigned i = 0; i < 4; ++i) {
    CAPTURE(i);
    CHECK(sessions[i]->finish()->event_hash == recorded(guests[i], of[i]).result().event_hash);
  }
}

// ---- moments -------------------------------------------------------------------------------------------------------
// How many events were delivered at the moment of a leap.
u64 delivered_at(const TimeLeaps& leaps, const Ran& ran) {
  u64 count = 0;
  auto cursor = ran.trace().events(ran.trace().kinds<trace::EventChannel>());
  while (const trace::RecordedEvent* event = cursor.next())
    count += event->as<trace::EventChannel>()->phase == static_cast<u8>(trace::ChannelPhase::delivered) &&
             std::ranges::binary_search(leaps.moments, event->stamp().retired);
  return count;
}

TEST_CASE("events at seeded moments change no fact under para") {
  u64 met = 0;
  for (u64 number = 0; number <= disturbed_shuffles; ++number)
    for (u64 leap_seed = 1; leap_seed <= leap_seeds; ++leap_seed) {
      const Guest guest = number == 0 ? tour : Guest{"shuffle", number};
      CAPTURE(leap_seed);
      const u64 retired = *recorded(guest, Technique::para, Level::exits).result().retired;
      const TimeLeaps leaps = seeded_leaps(leap_seed << 8 | number, retired);
      const Ran ran(para_lane(guest), leaping_soft(leaps));
      check_right(guest, ran);
      met += delivered_at(leaps, ran);
    }
  MESSAGE(met << " events were delivered at a seeded moment");
  CHECK(met >= least_met);
}

}  // namespace
}  // namespace trapline::whole
