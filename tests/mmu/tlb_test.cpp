// The TLB as the trace and a cache in front of the MMU see it: fills, evictions, hits, tags, flags, keyframes.
#include <doctest/doctest.h>
#include <map>
#include <set>

#include "mmu/world.h"

using namespace trapline;
using namespace trapline::tests;
using arch::Access;
using mmu::Outcome;

namespace {

constexpr u64 base = 0x400000;

void map_pages(World& world, u64 count, u64 bits = P | RW | US) {
  for (u64 page = 0; page < count; ++page) world.tables.map(base + page * page_bytes, (100 + page) * page_bytes, bits);
}

}  // namespace

TEST_CASE("replacement is round robin within a set, and hits change nothing") {
  World world(Dimensions::one, {.tlb_sets = 1, .tlb_ways = 2});
  map_pages(world, 4);
  std::vector<u64> evicted;
  world.mmu.on_evict([&](Gva first, u64 bytes) {
    CHECK(bytes == page_bytes);
    evicted.push_back(first.value);
  });
  world.read(base);
  world.read(base + 0x1000);
  for (int hit = 0; hit < 5; ++hit) world.read(base);  // recently used, and yet the first to go
  world.read(base + 0x2000);
  CHECK(evicted == std::vector<u64>{base});
  world.read(base + 0x3000);
  CHECK(evicted == std::vector<u64>{base, base + 0x1000});
  CHECK(world.recording.all<trace::TlbEvict>().size() == 2);
  const auto fills = world.recording.all<trace::TlbFill>();
  REQUIRE(fills.size() == 4);
  CHECK(fills[2].event.way == 0);
  CHECK(fills[3].event.way == 1);
  CHECK(world.recording.all<trace::TlbHit>().size() == 5);
  CHECK(world.recording.all<trace::TlbMiss>().size() == 4);
}

TEST_CASE("levels below `memory` record no hits, and the model's state is the same at every level") {
  std::vector<std::vector<std::byte>> states;
  for (const auto level : {trace::Level::exits, trace::Level::mmu, trace::Level::memory}) {
    World world(Dimensions::two, {}, level);
    map_pages(world, 40);
    for (u64 step = 0; step < 200; ++step) world.read(base + step * 7 % 40 * page_bytes);
    states.push_back(world.mmu.save());
    CHECK(world.recording.all<trace::TlbHit>().empty() == (level < trace::Level::memory));
    CHECK(world.recording.all<trace::TlbFill>().empty() == (level < trace::Level::mmu));
    CHECK(world.recording.bus.new_cause() == 41);  // forty walks, whatever is recorded
  }
  CHECK(states[0] == states[1]);
  CHECK(states[0] == states[2]);
}

TEST_CASE("miss, walk, fill and eviction carry the walk's correlator, and the one before comes back") {
  World world(Dimensions::two, {.tlb_sets = 1, .tlb_ways = 1});
  map_pages(world, 2);
  world.recording.bus.stamp().cause = 0;
  const u64 outer = world.recording.bus.new_cause();
  world.recording.bus.stamp().cause = outer;
  world.read(base);
  world.recording.forget();
  world.read(base + 0x1000);
  CHECK(world.recording.bus.stamp().cause == outer);
  std::vector<trace::Kind> kinds;
  std::set<u64> causes;
  world.recording.each([&](const trace::RecordHeader& header, const std::byte*) {
    const auto kind = static_cast<trace::Kind>(header.kind);
    if (kinds.empty() || kinds.back() != kind) kinds.push_back(kind);
    causes.insert(header.cause);
  });
  using trace::Kind;
  CHECK(kinds == std::vector<Kind>{Kind::tlb_miss, Kind::walk_begin, Kind::walk_ref, Kind::table_write, Kind::walk_ref,
                                   Kind::walk_end, Kind::tlb_evict, Kind::tlb_fill});
  CHECK(causes.size() == 1);
  CHECK_FALSE(causes.contains(outer));
  CHECK(world.recording.all<trace::WalkBegin>()[0].event.parent == outer);
}

TEST_CASE("the first write to a clean page is walked again, and sets its dirty flag") {
  World world;
  map_pages(world, 1);
  CHECK_FALSE(world.read(base).may_write);
  CHECK((world.tables.entry(base, 1) & (A | D)) == A);
  world.recording.forget();
  CHECK(world.write(base).may_write);
  CHECK(world.recording.all<trace::TlbEvict>().size() == 1);
  CHECK(world.recording.all<trace::WalkEnd>().size() == 1);
  CHECK((world.tables.entry(base, 1) & (A | D)) == (A | D));
  const auto writes = world.recording.all<trace::TableWrite>();
  REQUIRE(writes.size() == 1);
  CHECK(writes[0].event.hpa == world.tables.place(base, 1, 0));
  CHECK((writes[0].event.old_value ^ writes[0].event.value) == D);
  CHECK(writes[0].event.writer == static_cast<u8>(trace::Writer::walker));
  world.recording.forget();
  world.write(base);
  CHECK(world.recording.all<trace::WalkEnd>().empty());
}

TEST_CASE("a guest that loosens a right and does not invalidate gets no spurious fault") {
  World world;
  map_pages(world, 1, P | US);
  world.read(base);
  CHECK(world.write(base).outcome == Outcome::fault);
  world.read(base);
  world.tables.set_entry(base, 1, 100 * page_bytes | P | RW | US);
  CHECK(world.write(base).outcome == Outcome::translated);
  // The same one level up: the structure cache holds the old directory entry.
  world.tables.set_entry(base, 2, world.tables.entry(base, 2) & ~RW);
  world.mmu.cr3_written(mmu::Cr3Write::invalidates);
  world.read(base);
  world.tables.set_entry(base, 2, world.tables.entry(base, 2) | RW);
  CHECK(world.write(base).outcome == Outcome::translated);
}

TEST_CASE("a guest that tightens a right and does not invalidate is served the stale one, and INVLPG ends that") {
  World world;
  map_pages(world, 1);
  world.write(base);
  world.tables.set_entry(base, 1, 0);
  CHECK(world.write(base).outcome == Outcome::translated);
  world.mmu.invlpg(Gva(base + 0x10));
  CHECK(world.last_flush().entries == 1);
  CHECK(world.last_flush().cached_structures == 3);
  CHECK(world.write(base).outcome == Outcome::fault);
}

TEST_CASE("a page fault drops the page's entries: a table filled in afterwards is seen") {
  World world;
  map_pages(world, 2);
  world.read(base);
  world.tables.set_entry(base + 0x1000, 1, 0);
  world.recording.forget();
  CHECK(world.read(base + 0x1000).outcome == Outcome::fault);
  const auto flush = world.last_flush();
  CHECK(flush.scope == static_cast<u8>(trace::FlushScope::one_page));
  CHECK(flush.cause == static_cast<u8>(trace::FlushCause::page_fault));
  CHECK(flush.gva == base + 0x1000);
  CHECK(flush.cached_structures == 3);
  world.recording.forget();
  CHECK(world.read(base).outcome == Outcome::translated);  // the neighbour's entry is still there
  CHECK(world.recording.all<trace::WalkEnd>().empty());
}

TEST_CASE("context tags: neither another PCID, VPID nor EPTP is served, and coming back costs nothing") {
  World world;
  world.mmu.state().cr4 |= arch::cr4::pcide;
  map_pages(world, 1);
  const u64 root = world.mmu.state().cr3;
  const auto misses_now = [&] {
    world.recording.forget();
    world.read(base);
    return world.recording.all<trace::TlbMiss>().size();
  };
  CHECK(misses_now() == 1);
  world.mmu.state().cr3 = root | 5;
  world.mmu.cr3_written(mmu::Cr3Write::keeps);
  CHECK(misses_now() == 1);
  world.mmu.state().cr3 = root;
  world.mmu.cr3_written(mmu::Cr3Write::keeps);
  CHECK(misses_now() == 0);
  world.mmu.state().vpid = 3;
  world.mmu.vm_entry(mmu::VpidControl::enabled);
  CHECK(misses_now() == 1);
  CHECK(world.recording.all<trace::TlbFill>()[0].event.vpid == 3);
  world.mmu.state().vpid = 0;
  world.mmu.vm_exit(mmu::VpidControl::enabled);
  CHECK(misses_now() == 0);
}

TEST_CASE("global pages serve every PCID and survive MOV to CR3, while CR4.PGE is set") {
  for (const bool enabled : {true, false}) {
    World world;
    world.mmu.state().cr4 |= arch::cr4::pcide | (enabled ? arch::cr4::pge : 0);
    map_pages(world, 1, P | RW | US | G);
    world.read(base);
    CHECK(world.recording.all<trace::TlbFill>()[0].event.global == enabled);
    world.mmu.state().cr3 |= 9;
    world.mmu.cr3_written(mmu::Cr3Write::invalidates);
    world.recording.forget();
    world.read(base);
    CHECK(world.recording.all<trace::TlbMiss>().empty() == enabled);
  }
}

TEST_CASE("generation changes with contexts, rights and wide invalidations, and with new marks, but not by one page") {
  World world;
  map_pages(world, 2);
  auto& unit = world.mmu;
  u64 seen = unit.generation();
  const auto changed = [&] {
    const bool result = unit.generation() != seen;
    seen = unit.generation();
    return result;
  };
  world.read(base);
  CHECK(changed());  // four tables were marked
  world.read(base + 0x1000);
  CHECK_FALSE(changed());
  unit.invlpg(Gva(base));
  CHECK_FALSE(changed());
  unit.cr0_written(unit.state().cr0);
  CHECK(changed());
  unit.cr3_written(mmu::Cr3Write::keeps);
  CHECK(changed());
  unit.cr4_written(unit.state().cr4);
  CHECK(changed());
  unit.efer_written();
  CHECK(changed());
  unit.vm_entry(mmu::VpidControl::enabled);
  CHECK(changed());
  unit.vm_exit(mmu::VpidControl::disabled);
  CHECK(changed());
  unit.invvpid(mmu::InvvpidType::one_vpid, 1, Gva(0));
  CHECK(changed());
  unit.invept(mmu::InveptType::all_ept, 0);
  CHECK(changed());
  unit.invpcid(mmu::InvpcidType::all, 0, Gva(0));
  CHECK(changed());
}

TEST_CASE(
    "whatever on_evict and generation leave standing translates as the Mmu would: a cache in front is never stale") {
  World world(Dimensions::two, {.tlb_sets = 1, .tlb_ways = 2});
  map_pages(world, 16);
  world.tables.map(0x40000000, 0, P | RW | US, 2);
  struct Kept {
    u64 hpa;
    bool write;
  };
  std::map<u64, Kept> kept;  // by page, as a processor's fast path would
  world.mmu.on_evict([&](Gva first, u64 bytes) {
    std::erase_if(kept, [&](const auto& one) { return one.first - first.value < bytes; });
  });
  u64 seen = world.mmu.generation(), random = 1, served = 0;
  for (int step = 0; step < 5000; ++step) {
    random = random * 6364136223846793005 + 1442695040888963407;
    const u64 page = (random >> 33 & 1) != 0 ? base + (random >> 40) % 4 * page_bytes
                                             : 0x40000000 + (random >> 40) % 16 * page_bytes;
    const bool write = random >> 60 & 1;
    const auto found = kept.find(page);
    const bool expected = found != kept.end() && (!write || found->second.write);
    world.recording.forget();
    const auto answer = write ? world.write(page) : world.read(page);
    if (expected) {
      ++served;
      CHECK(world.recording.all<trace::TlbMiss>().empty());
      CHECK(answer.hpa.value == found->second.hpa);
    }
    if (world.mmu.generation() != seen) kept.clear();
    seen = world.mmu.generation();
    kept[page] = {answer.hpa.value, answer.may_write};
  }
  CHECK(served > 500);
}

TEST_CASE("a TLB of two entries and no other cache gives the same translations as a large one") {
  for (const auto dimensions : {Dimensions::one, Dimensions::two}) {
    World large(dimensions, {.tlb_sets = 64, .tlb_ways = 8});
    World small(dimensions, {.tlb_sets = 1, .tlb_ways = 2});
    World tiny(dimensions, {.tlb_sets = 1, .tlb_ways = 1, .paging_structure_caches = false});
    u64 random = 99;
    for (World* world : {&large, &small, &tiny})
      for (u64 page = 0; page < 30; ++page)
        world->tables.map(base + page * 0x3f000, (100 + page) * page_bytes,
                          (page % 5 ? P : 0) | (page % 3 ? RW : 0) | (page % 2 ? US : 0) | (page % 7 ? 0 : NX));
    for (int step = 0; step < 3000; ++step) {
      random = random * 6364136223846793005 + 1442695040888963407;
      const u64 address = base + (random >> 40) % 30 * 0x3f000 + (random >> 50) % 4096;
      const auto access = static_cast<Access>((random >> 33) % 3);
      const auto who = static_cast<mmu::Privilege>((random >> 37) % 3);
      const auto expected = large.mmu.translate(Gva(address), access, who);
      for (World* world : {&small, &tiny}) {
        const auto found = world->mmu.translate(Gva(address), access, who);
        CHECK(found.outcome == expected.outcome);
        CHECK(found.hpa == expected.hpa);
        CHECK(found.fault == expected.fault);
      }
    }
    for (u64 page = 0; page < 30; ++page)
      CHECK(tiny.tables.entry(base + page * 0x3f000, 1) == large.tables.entry(base + page * 0x3f000, 1));
  }
}

TEST_CASE("a keyframe brings every cache back, and nothing else is accepted") {
  World world(Dimensions::two);
  map_pages(world, 20);
  for (u64 page = 0; page < 20; ++page) world.write(base + page * page_bytes);
  const auto saved = world.mmu.save();
  const auto misses = [&] {
    world.recording.forget();
    for (u64 page = 0; page < 20; ++page) world.read(base + page * page_bytes);
    return world.recording.all<trace::TlbMiss>().size();
  };
  CHECK(misses() == 0);
  world.mmu.flush_everything(trace::FlushCause::strange);
  CHECK(world.mmu.restore(saved));
  CHECK(world.mmu.save() == saved);
  CHECK(misses() == 0);
  for (std::size_t length = 0; length < saved.size(); length += 61)
    CHECK_FALSE(world.mmu.restore(std::span(saved).first(length)));
  CHECK(misses() == 20);
  auto longer = saved;
  longer.push_back(std::byte{0});
  CHECK_FALSE(world.mmu.restore(longer));
  World other(Dimensions::two, {.tlb_sets = 8});
  CHECK_FALSE(other.mmu.restore(saved));
  // Any bytes at all: refused or taken, but never worse than a wrong translation.
  u64 random = 5;
  for (int round = 0; round < 200; ++round) {
    auto damaged = saved;
    for (int flip = 0; flip < 20; ++flip) {
      random = random * 6364136223846793005 + 1442695040888963407;
      damaged[(random >> 20) % damaged.size()] = static_cast<std::byte>(random >> 56);
    }
    world.mmu.restore(damaged);
    for (u64 page = 0; page < 20; ++page) world.write(base + page * page_bytes);
  }
}
