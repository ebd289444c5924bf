// On soft a run is its request: twice the same request gives the same trace, a lower level the filtered higher one, and
// what is not part of the machine's meaning (cache sizes, neighbours in the process) changes no fact.
#include <cstring>
#include <doctest/doctest.h>
#include <map>

#include "soft/machine.h"
#include "trace/canonical.h"
#include "whole/lane.h"

namespace trapline::whole {
namespace {

using trace::Level;

struct Guest {
  std::string name;
  u64 seed;
  std::string right_digest() const { return name == "tour" ? sha256_of(tour_facts()) : shuffle_digest(seed); }
  std::string text() const { return name + ", seed " + std::to_string(seed); }
};
const Guest guests[] = {{"tour", 1}, {"shuffle", 3}, {"shuffle", 4}};
constexpr Level levels[] = {Level::exits, Level::mmu, Level::memory, Level::instructions};

// Every guest at every level, run once for all tests.
const Ran& recorded(const Guest& guest, Level level) {
  static std::map<std::pair<std::string, Level>, std::unique_ptr<Ran>> runs;
  std::unique_ptr<Ran>& run = runs[{guest.text(), level}];
  if (!run) run = std::make_unique<Ran>(lane(guest.name, guest.seed, level));
  return *run;
}

// ---- levels --------------------------------------------------------------------------------------------------------
trace::KindSet kinds_up_to(const trace::EventSource& source, Level level) {
  trace::KindSet set;
  for (const trace::EventInfo& info : trace::all_events())
    if (info.level <= level) set |= source.kind_named(info.name);
  return set;
}

bool same_fields(const trace::RecordedEvent& left, const trace::RecordedEvent& right) {
  if (left.is<trace::RunHeader>()) return true;  // it tells the level
  for (std::size_t i = 0; i < left.field_count(); ++i)
    if (left.field(i) != right.field(i)) return false;
  return std::ranges::equal(left.blob(), right.blob());
}

bool same_event(const trace::RecordedEvent& left, const trace::RecordedEvent& right) {
  const trace::Stamp a = left.stamp(), b = right.stamp();
  return left.kind() == right.kind() && a.tick == b.tick && a.retired == b.retired && a.cause == b.cause &&
         a.vcpu == b.vcpu && a.provenance == b.provenance && same_fields(left, right);
}

// Keyframes too: the machine itself must not have been another one.
void check_filtered_is_lower(const Ran& lower, const Ran& higher, Level level) {
  auto low = lower.trace().events();
  auto high = higher.trace().events(kinds_up_to(higher.trace(), level));
  u64 compared = 0;
  for (;;) {
    const trace::RecordedEvent* left = low.next();
    const trace::RecordedEvent* right = high.next();
    if (!left || !right) {
      CHECK_MESSAGE((!left && !right), "one trace goes on after event ", compared);
      break;
    }
    if (!same_event(*left, *right)) {
      FAIL_CHECK("event " << left->sequence() << " (" << left->kind_name() << ", retired " << left->stamp().retired
                          << ") is another than " << right->sequence() << " (" << right->kind_name() << ", retired "
                          << right->stamp().retired << ")");
      break;
    }
    ++compared;
  }
  CHECK(compared == lower.trace().count());
  CHECK(compared > 1'000);
}

TEST_CASE("a trace of a lower level is the filtered trace of a higher one, event by event") {
  for (const Guest& guest : guests)
    for (const Level low : levels)
      for (const Level high : levels) {
        if (high <= low) continue;
        CAPTURE(guest.text());
        CAPTURE(trace::name_of(low));
        CAPTURE(trace::name_of(high));
        const Ran& lower = recorded(guest, low);
        const Ran& higher = recorded(guest, high);
        CHECK(higher.trace().count() > lower.trace().count());
        CHECK(trace::event_hash(higher.trace(), low) == lower.result().event_hash);
        if (static_cast<int>(high) == static_cast<int>(low) + 1) check_filtered_is_lower(lower, higher, low);
      }
}

// ---- the same and not the same -------------------------------------------------------------------------------------
TEST_CASE("two runs have one event hash, and a whole trace with it") {
  for (const Guest& guest : guests)
    for (const Level level : {Level::exits, Level::memory}) {
      CAPTURE(guest.text());
      const Ran again(lane(guest.name, guest.seed, level));
      CHECK(again.result().event_hash == recorded(guest, level).result().event_hash);
      CHECK(again.trace().verify().ok());
      CHECK(file_text(again.result().trace) == file_text(recorded(guest, level).result().trace));
    }
}

TEST_CASE("another seed or TLB is another run of the same guest") {
  for (const Guest& guest : guests) {
    CAPTURE(guest.text());
    session::RunRequest request = lane(guest.name, guest.seed, Level::mmu);
    request.hardware.tlb_sets = 8;
    const Ran smaller(request);
    CHECK(smaller.result().digest == guest.right_digest());
    CHECK(smaller.result().event_hash != recorded(guest, Level::mmu).result().event_hash);
  }
  const Ran scattered(lane("tour", 2, Level::mmu));
  CHECK(scattered.result().digest == sha256_of(tour_facts()));
  CHECK(scattered.result().event_hash != recorded(guests[0], Level::mmu).result().event_hash);
  CHECK(recorded(guests[1], Level::mmu).result().event_hash != recorded(guests[2], Level::mmu).result().event_hash);
}

// ---- strange configurations ----------------------------------------------------------------------------------------
void check_right(const Guest& guest, const session::RunRequest& request, const session::MakeMachine& make = {}) {
  const Ran ran(request, make);
  CHECK(ran.result().outcome == trace::Outcome::finished);
  CHECK(ran.result().digest == guest.right_digest());
  CHECK(ran.result().retired == recorded(guest, Level::exits).result().retired);
}

TEST_CASE("strange caches of translations change no fact") {
  for (const Guest& guest : guests) {
    CAPTURE(guest.text());
    session::RunRequest request = lane(guest.name, guest.seed);
    request.hardware.tlb_sets = 1;
    request.hardware.tlb_ways = 2;
    check_right(guest, request);
    request.hardware.paging_structure_caches = false;
    check_right(guest, request);
    request.hardware.flush_every_entry = true;
    check_right(guest, request);
    request = lane(guest.name, guest.seed);
    request.hardware.flush_every_entry = true;
    check_right(guest, request);
    request.hardware.tlb_sets = 64;
    request.hardware.tlb_ways = 64;
    check_right(guest, request);
  }
}

cpu::Tuning tiny() {
  cpu::Tuning sizes;
  sizes.jump_cache_bits = 2;
  sizes.fast_page_bits = 1;
  sizes.blocks = 8;
  sizes.rep_slice = 3;
  return sizes;
}

session::MakeMachine soft_of(const cpu::Tuning& sizes) {
  return [sizes](trace::MetalKind, const metal::MachineOptions& options, trace::Bus& bus) {
    return soft::make_machine(options, bus, soft::Defects{}, sizes);
  };
}

TEST_CASE("a TLB that cannot be is refused in one sentence") {
  using Size = std::pair<unsigned, unsigned>;
  for (const auto& [sets, ways] : {Size{0, 4}, Size{16, 0}, Size{3, 4}, Size{4096, 64}, Size{8192, 1}, Size{1, 65}}) {
    CAPTURE(sets);
    CAPTURE(ways);
    session::RunRequest request = lane("tour");
    const test::Folder folder;
    request.out_folder = folder.path();
    request.hardware.tlb_sets = sets;
    request.hardware.tlb_ways = ways;
    const auto refused = session::Session::open(request);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().kind == ErrorKind::usage);
    CHECK(refused.error().sentence.find("TLB") != std::string::npos);
    CHECK(folder.files().empty());
  }
}

TEST_CASE("strange caches of code change nothing at all") {
  for (const Guest& guest : guests) {
    CAPTURE(guest.text());
    const Ran ran(lane(guest.name, guest.seed, Level::mmu), soft_of(tiny()));
    CHECK(ran.result().event_hash == recorded(guest, Level::mmu).result().event_hash);
  }
}

// The model fetches a block at a time, so that its length moves fetches; the guest must not notice.
TEST_CASE("the length of blocks changes no fact") {
  cpu::Tuning sizes = tiny();
  for (const unsigned length : {1, 2, 200}) {
    sizes.block_length = length;
    for (const Guest& guest : guests) {
      CAPTURE(guest.text());
      check_right(guest, lane(guest.name, guest.seed), soft_of(sizes));
    }
  }
}

// ---- neighbours ----------------------------------------------------------------------------------------------------
TEST_CASE("two machines that take turns in one process do not disturb each other") {
  const test::Folder folders[2];
  std::unique_ptr<session::Session> sessions[2];
  for (unsigned i = 0; i < 2; ++i) {
    session::RunRequest request = lane(guests[i].name, guests[i].seed, i == 0 ? Level::memory : Level::mmu);
    request.out_folder = folders[i].path();
    sessions[i] = open(request, {});
  }
  u64 turns = 0;
  for (bool running[2] = {true, true}; running[0] || running[1]; ++turns)
    for (unsigned i = 0; i < 2; ++i) running[i] = running[i] && sessions[i]->step();
  CHECK(turns > 100);
  CHECK(sessions[0]->finish()->event_hash == recorded(guests[0], Level::memory).result().event_hash);
  CHECK(sessions[1]->finish()->event_hash == recorded(guests[1], Level::mmu).result().event_hash);
}

}  // namespace
}  // namespace trapline::whole
