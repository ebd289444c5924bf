// The walk that reads a guest's tables from outside, against the Mmu that walks them as a processor.
#include "mmu/derived_walk.h"

#include <doctest/doctest.h>

#include "mmu/world.h"

using namespace trapline;
using namespace trapline::tests;
using arch::Access;
using mmu::Outcome;
using mmu::Privilege;
using trace::WalkOutcome;

TEST_CASE("derived and modelled walks agree on random tables, and deriving writes nothing") {
  World world(Dimensions::two);
  const u64 base = 0xffffffff80000000;
  u64 random = 3;
  const auto next = [&] { return (random = random * 6364136223846793005 + 1442695040888963407) >> 20; };
  mmu::GuestMemoryTables tables(world.guest);
  unsigned translated = 0;
  for (int round = 0; round < 400; ++round) {
    const u64 address = base + next() % 64 * 0x9000;
    world.tables.map(address, next() % World::guest_pages * page_bytes,
                     (next() % 8 ? P : 0) | (next() % 2 ? RW : 0) | (next() % 2 ? US : 0) | (next() % 4 ? 0 : NX) |
                         (next() % 16 ? 0 : bit(50)));
    if (next() % 8 == 0) world.tables.set_entry(address, 2, world.tables.entry(address, 2) ^ US);
    world.mmu.flush_everything(trace::FlushCause::strange);
    const mmu::DerivedAccess access{Gva(address + next() % page_bytes), static_cast<Access>(next() % 3),
                                    static_cast<Privilege>(next() % 3)};
    world.recording.forget();
    const auto derived = mmu::derive_walk(tables, world.mmu.state(), 46, access);
    CHECK(world.recording.sink.bytes.empty());
    const auto found = world.mmu.translate(access.address, access.access, access.privilege);
    CHECK((found.outcome == Outcome::translated) == (derived.outcome == WalkOutcome::translated));
    CHECK(found.fault == derived.fault);
    if (found.outcome != Outcome::translated) continue;
    ++translated;
    CHECK(found.gpa == derived.gpa);
    CHECK(found.hpa == derived.hpa);
  }
  CHECK(translated > 50);
}

TEST_CASE("a traced derived walk says so, with a correlator of its own") {
  World world(Dimensions::two);
  world.tables.map(0x200000, 0x40000, P | RW, 1);
  mmu::GuestMemoryTables tables(world.guest);
  world.recording.forget();
  world.recording.bus.stamp().cause = 77;
  const auto found = mmu::trace_walk(world.recording.bus, tables, world.mmu.state(), 46, {Gva(0x200010)});
  CHECK(found.outcome == WalkOutcome::translated);
  CHECK(found.gpa == Gpa(0x40010));
  CHECK(found.page_level == 1);
  CHECK(found.walk != 0);
  CHECK(world.recording.bus.stamp().cause == 77);
  unsigned events = 0;
  world.recording.each([&](const trace::RecordHeader& header, const std::byte*) {
    ++events;
    CHECK(header.provenance == static_cast<u8>(trace::Provenance::derived));
    CHECK(header.cause == found.walk);
  });
  CHECK(events == 6);
  CHECK(world.recording.all<trace::WalkBegin>()[0].event.parent == 77);
  const auto references = world.references();
  CHECK(references[0].entry_gpa == world.tables.place(0x200000, 4, 0));
  CHECK(references[3].entry_hpa == world.to_host(world.tables.place(0x200000, 1, 0)).value);
  CHECK(world.last_walk().references == 4);
  CHECK(world.last_walk().hpa == found.hpa.value);
}

TEST_CASE("what cannot be known is unknown: tables outside memory, other paging modes, foreign frames") {
  World world(Dimensions::two);
  mmu::GuestMemoryTables tables(world.guest);
  mmu::PagingState state = world.mmu.state();
  world.tables.map(0x5000, World::guest_pages * page_bytes, P);
  auto found = mmu::derive_walk(tables, state, 46, {Gva(0x5000)});
  CHECK(found.outcome == WalkOutcome::translated);
  CHECK(found.gpa == Gpa(World::guest_pages * page_bytes));
  CHECK_FALSE(found.hpa.known());
  state.cr3 = 1ULL << 40;
  CHECK(mmu::derive_walk(tables, state, 46, {Gva(0x5000)}).outcome == WalkOutcome::unknown);
  state.efer = 0;
  CHECK(mmu::derive_walk(tables, state, 46, {Gva(0x5000)}).outcome == WalkOutcome::unknown);
  state.cr0 = arch::cr0::pe;
  found = mmu::derive_walk(tables, state, 46, {Gva(0x5000)});
  CHECK(found.outcome == WalkOutcome::translated);
  CHECK(found.gpa == Gpa(0x5000));
  CHECK(mmu::derive_walk(tables, world.mmu.state(), 46, {Gva(1ULL << 47)}).outcome == WalkOutcome::not_canonical);
}

TEST_CASE("a walk tells its steps, and the flags that it would have left are put into just these") {
  World world(Dimensions::two);
  mmu::GuestMemoryTables tables(world.guest);
  const auto walk_to = [&](u64 address) { return mmu::derive_walk(tables, world.mmu.state(), 46, {Gva(address)}); };
  const u64 small = 0xffffffff80005000, large = 0x200000;
  world.tables.map(small, 0x40000, P | RW);
  world.tables.map(small + page_bytes, 0, 0);
  world.tables.map(large, 0, P | RW, 2);
  for (const u64 address : {small, large}) {
    const unsigned last = address == small ? 1 : 2;
    const auto found = walk_to(address + 8);
    REQUIRE(found.path().size() == 5 - last);
    unsigned level = 4;
    for (const auto& step : found.path()) {
      CHECK(step.level == level);
      CHECK(step.place == Gpa(world.tables.place(address, level, 0)));
      CHECK(step.entry == world.tables.entry(address, level--));
    }
    mmu::set_accessed_and_dirty(world.guest, found, Access::read);
    for (const auto& step : found.path()) CHECK(world.tables.entry(address, step.level) == (step.entry | A));
    mmu::set_accessed_and_dirty(world.guest, found, Access::write);
    for (const auto& step : found.path())
      CHECK(world.tables.entry(address, step.level) == (step.entry | A | (step.level == last ? D : 0)));
  }
  CHECK(walk_to(small + page_bytes).is_fault());
  CHECK(walk_to(small + page_bytes).path().size() == 4);
  CHECK(walk_to(1ULL << 39).path().size() == 1);  // not present at the root
  CHECK(walk_to(1ULL << 47).path().empty());
}

TEST_CASE("flags stay where a table leads to itself") {
  World world(Dimensions::two);
  mmu::GuestMemoryTables tables(world.guest);
  world.tables.set_entry(511ULL << 39 | ~0ULL << 48, 4, world.tables.root() | P | RW);
  const auto found = mmu::derive_walk(tables, world.mmu.state(), 46, {Gva(~0ULL << 12)});  // the PML4, as a page
  REQUIRE(found.outcome == WalkOutcome::translated);
  CHECK(found.gpa == Gpa(world.tables.root()));
  mmu::set_accessed_and_dirty(world.guest, found, Access::write);
  CHECK(world.tables.entry(~0ULL << 12, 4) == (world.tables.root() | P | RW | A | D));
}
