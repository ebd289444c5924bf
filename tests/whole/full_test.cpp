// Technique full's own ways: what its trace holds, that it repeats, and that neither the sizes of what it caches nor
// its neighbours nor its end show in the guest.
#include <doctest/doctest.h>
#include <map>

#include "trace/canonical.h"
#include "whole/lane.h"

namespace trapline::whole {
namespace {

using trace::Level;
using trace::Outcome;
using trace::Technique;

// Each lane of these, run once for all tests.
const Ran& recorded(const Guest& guest, Level level, Technique technique = Technique::full) {
  static std::map<std::tuple<std::string, Level, Technique>, std::unique_ptr<Ran>> runs;
  std::unique_ptr<Ran>& run = runs[{guest.text(), level, technique}];
  if (!run) run = std::make_unique<Ran>(lane_of(guest, technique, level));
  return *run;
}

// ---- means ---------------------------------------------------------------------------------------------------------
u64 ept_references(const Ran& ran) {
  u64 count = 0;
  auto cursor = ran.trace().events(ran.trace().kinds<trace::WalkReference>());
  while (const trace::RecordedEvent* event = cursor.next())
    count += event->as<trace::WalkReference>()->dimension == static_cast<u8>(trace::Dimension::ept);
  return count;
}

TEST_CASE("each technique's trace holds its own means, and none of the other's") {
  for (const Guest& guest : {tour, shuffle}) {
    CAPTURE(guest.text());
    const Ran& full = recorded(guest, Level::mmu);
    const Ran& hardware = recorded(guest, Level::mmu, Technique::hardware);
    for (const std::string kind : {"vm_exit", "vm_entry", "vmcs_read", "vmcs_write"}) {
      CAPTURE(kind);
      CHECK(full.trace().count_of(kind) == 0);
      CHECK(hardware.trace().count_of(kind) > 0);
    }
    for (const std::string kind : {"trap", "emulation", "fault_reflected", "block_translated", "block_invalidated",
                                   "shadow_fill", "shadow_protect", "shadow_sync", "shadow_zap"}) {
      CAPTURE(kind);
      CHECK(full.trace().count_of(kind) > 0);
      CHECK(hardware.trace().count_of(kind) == 0);
    }
    CHECK(ept_references(full) == 0);
    CHECK(ept_references(hardware) > 0);
  }
}

// ---- repeating -----------------------------------------------------------------------------------------------------
TEST_CASE("two runs under full have one event hash") {
  for (const Guest& guest : {tour, shuffle}) {
    CAPTURE(guest.text());
    const Ran again(full_lane(guest, Level::mmu));
    CHECK(again.result().event_hash == recorded(guest, Level::mmu).result().event_hash);
    CHECK(again.trace().verify().ok());
  }
}

TEST_CASE("a full lane's trace of a lower level is the filtered trace of a higher one") {
  check_levels_nest([](const Guest& guest, Level level) -> const Ran& { return recorded(guest, level); });
}

// ---- strange configurations ----------------------------------------------------------------------------------------
void smallest_tlb(session::RunRequest& request) { request.hardware.tlb_sets = 1, request.hardware.tlb_ways = 2; }
void smallest_cache(session::RunRequest& request) { request.full.cache_blocks = 1; }
void forgetful(session::RunRequest& request) { request.full.flush_every_entry = true; }

TEST_CASE("strange sizes of what full caches change no fact") {
  using Change = void (*)(session::RunRequest&);
  const std::vector<std::vector<Change>> configurations = {
      {smallest_tlb}, {smallest_cache}, {forgetful}, {smallest_tlb, smallest_cache, forgetful}};
  for (std::size_t number = 0; number < configurations.size(); ++number)
    for (const Guest& guest : {tour, shuffle}) {
      CAPTURE(number);
      session::RunRequest request = full_lane(guest);
      for (const Change change : configurations[number]) change(request);
      check_right(guest, request);
    }
}

TEST_CASE("without translation the holes of trap-and-emulate show, and nothing worse happens") {
  session::RunRequest request = full_lane(tour);
  request.full.translation = false;
  request.budget = 2'000'000;  // several times what a right run spends
  const Ran ran(request);
  MESSAGE("tour without translation ends as " << trace::name_of(ran.result().outcome));
  const bool right = ran.result().outcome == Outcome::finished && ran.result().digest == tour.right_digest();
  CHECK_FALSE(right);
  CHECK(ran.result().outcome != Outcome::failed);
  CHECK(ran.trace().verify().ok());
  CHECK(ran.trace().count_of("block_translated") == 0);
}

// ---- neighbours and ends -------------------------------------------------------------------------------------------
TEST_CASE("two full lanes and a hardware lane that take turns do not disturb each other") {
  const test::Folder folders[3];
  const session::RunRequest requests[3] = {full_lane(tour, Level::memory), full_lane(shuffle, Level::mmu),
                                           lane(tour.name, tour.seed, Level::mmu)};
  std::unique_ptr<session::Session> sessions[3];
  for (unsigned i = 0; i < 3; ++i) {
    session::RunRequest request = requests[i];
    request.out_folder = folders[i].path();
    sessions[i] = open(request, {});
  }
  bool running[3] = {true, true, true};
  while (running[0] || running[1] || running[2])
    for (unsigned i = 0; i < 3; ++i) running[i] = running[i] && sessions[i]->step();
  CHECK(sessions[0]->finish()->event_hash == recorded(tour, Level::memory).result().event_hash);
  CHECK(sessions[1]->finish()->event_hash == recorded(shuffle, Level::mmu).result().event_hash);
  CHECK(sessions[2]->finish()->event_hash == recorded(tour, Level::mmu, Technique::hardware).result().event_hash);
}

TEST_CASE("a stop in the middle ends a full lane as interrupted, its trace whole") {
  const test::Folder folder;
  session::RunRequest request = full_lane(tour, Level::mmu);
  request.out_folder = folder.path();
  const auto session = open(request, {});
  for (unsigned step = 0; step < 500; ++step) REQUIRE(session->step());
  session->request_stop();
  CHECK_FALSE(session->step());
  const auto ended = session->finish();
  REQUIRE(ended.ok());
  CHECK(ended->outcome == Outcome::interrupted);
  const auto trace = trace::TraceReader::open(ended->trace);
  REQUIRE(trace.ok());
  CHECK((*trace)->recovered().empty());
  CHECK((*trace)->verify().ok());
  CHECK((*trace)->count_of("run_end") == 1);
}

TEST_CASE("a small budget ends a full lane as budget_spent, near where it says") {
  for (const u64 budget : {1, 1'000, 40'000}) {
    CAPTURE(budget);
    session::RunRequest request = full_lane(tour);
    request.budget = budget;
    const Ran ran(request);
    CHECK(ran.result().outcome == Outcome::budget_spent);
    CHECK(ran.result().retired <= budget);
    CHECK(ran.trace().verify().ok());
  }
}

}  // namespace
}  // namespace trapline::whole
