// Two dimensions: how many references a walk makes and why, what an EPT violation reports, flags in both dimensions.
#include <algorithm>
#include <doctest/doctest.h>

#include "mmu/world.h"

using namespace trapline;
using namespace trapline::tests;
using arch::Access;
using mmu::Outcome;
using mmu::Privilege;
using trace::Dimension;
using trace::Source;

namespace {

constexpr u64 address = 0x7f1234567000, gpa = 0x150000;

// "dimension level for_level source" of each reference, as a short text: g4 e4>4 ... with c for a cache, t for the TLB.
std::string shape(const std::vector<trace::WalkReference>& references) {
  std::string text;
  for (const auto& one : references) {
    if (!text.empty()) text += ' ';
    const bool ept = one.dimension == static_cast<u8>(Dimension::ept);
    text += ept ? 'e' : 'g';
    text += static_cast<char>('0' + one.level);
    if (ept) text += ">" + std::to_string(one.for_level);
    if (one.source == static_cast<u8>(Source::paging_structure_cache)) text += 'c';
    if (one.source == static_cast<u8>(Source::tlb)) text += 't';
  }
  return text;
}

World& mapped(World& world) {
  world.tables.map(address, gpa, P | RW | US | A);
  world.tables.map(address + 0x1000, gpa + 0x5000, P | RW | US | A);
  world.tables.map(address + 0x200000, gpa + 0x9000, P | RW | US | A);
  return world;
}

}  // namespace

TEST_CASE("a cold walk to a 4-KiB page makes 24 references, in the manual's order") {
  World world(Dimensions::two);
  mapped(world);
  const auto found = world.read(address + 0x45);
  CHECK(found.outcome == Outcome::translated);
  CHECK(found.gpa == Gpa(gpa + 0x45));
  CHECK(found.hpa == *world.guest.host_address(Gpa(gpa + 0x45)));
  CHECK(found.hpa.value != found.gpa.value);
  CHECK(found.host_page == world.host.host_page(found.hpa));
  CHECK(shape(world.references()) ==
        "e4>4 e3>4 e2>4 e1>4 g4 e4>3 e3>3 e2>3 e1>3 g3 e4>2 e3>2 e2>2 e1>2 g2 e4>1 e3>1 e2>1 e1>1 g1 "
        "e4>0 e3>0 e2>0 e1>0");
  const auto end = world.last_walk();
  CHECK(end.references == 24);
  CHECK(end.outcome == static_cast<u8>(trace::WalkOutcome::translated));
  CHECK(end.page_level == 1);
  CHECK(end.gpa == gpa + 0x45);
  CHECK(end.hpa == found.hpa.value);
  CHECK(world.cycles == 240);
}

TEST_CASE("a cold walk stays 24 references while accessed and dirty flags are set, in either dimension") {
  for (const bool ept_flags : {false, true}) {
    World world(Dimensions::two);
    world.tables.map(address, gpa, P | RW | US);
    if (ept_flags) *world.mmu.state().ept_pointer |= bit(6);
    CHECK(world.write(address).outcome == Outcome::translated);
    CHECK(world.last_walk().references == 24);
    for (unsigned level = 1; level <= 4; ++level)
      CHECK((world.tables.entry(address, level) & (A | D)) == (level == 1 ? A | D : A));
    // The guest's own page is dirty in EPT; so is the page table, since reading it counted as a write.
    const u64 page = world.ept.entry(gpa, 1), table = world.ept.entry(world.tables.place(address, 1, 0), 1);
    CHECK((page & (mmu::ept::accessed | mmu::ept::dirty)) == (ept_flags ? mmu::ept::accessed | mmu::ept::dirty : 0));
    CHECK((table & (mmu::ept::accessed | mmu::ept::dirty)) == (ept_flags ? mmu::ept::accessed | mmu::ept::dirty : 0));
    CHECK((world.ept.entry(gpa, 2) & (mmu::ept::accessed | mmu::ept::dirty)) == (ept_flags ? mmu::ept::accessed : 0));
  }
}

TEST_CASE("a warm walk makes fewer references, and each says where it came from") {
  World world(Dimensions::two);
  mapped(world);
  world.read(address);
  world.recording.forget();
  // The next page: the PDE cache leads to the page table, EPT's PDE cache to the last EPT table.
  world.read(address + 0x1000);
  CHECK(shape(world.references()) == "g2c g1 e2>0c e1>0");
  CHECK(world.last_walk().references == 2);
  world.recording.forget();
  // Another page table: from the PDPTE cache down; the new table must be found through EPT.
  world.read(address + 0x200000);
  CHECK(shape(world.references()) == "g3c g2 e2>1c e1>1 g1 e2>0c e1>0");
  CHECK(world.last_walk().references == 4);
  world.recording.forget();
  // The first page again after INVLPG, which empties the guest's structure caches but no guest-physical mapping.
  world.mmu.invlpg(Gva(address));
  world.read(address);
  CHECK(shape(world.references()) == "e1>4t g4 e1>3t g3 e1>2t g2 e1>1t g1 e1>0t");
  CHECK(world.last_walk().references == 4);
  world.recording.forget();
  // INVEPT: everything is cold again.
  world.mmu.invept(mmu::InveptType::one_ept, *world.mmu.state().ept_pointer);
  world.read(address);
  CHECK(world.last_walk().references == 24);
}

TEST_CASE("without caches every walk is as long as the first; without EPT four references") {
  World two(Dimensions::two, {.tlb_sets = 1, .tlb_ways = 1, .paging_structure_caches = false});
  mapped(two);
  for (const u64 page : {0, 0x1000, 0, 0x200000}) {
    two.read(address + page);
    CHECK(two.last_walk().references == 24);
  }
  World one;
  mapped(one);
  one.read(address);
  CHECK(shape(one.references()) == "g4 g3 g2 g1");
  one.recording.forget();
  one.read(address + 0x1000);
  CHECK(shape(one.references()) == "g2c g1");
}

TEST_CASE("large pages shorten the walk, and the TLB holds the smaller of the two pages") {
  struct Row {
    unsigned guest_level, ept_level, references;
  };
  for (const Row row : {Row{1, 1, 24}, Row{2, 1, 19}, Row{3, 1, 14}, Row{1, 2, 19}, Row{1, 3, 14}, Row{2, 2, 15},
                        Row{2, 3, 11}, Row{3, 2, 11}, Row{3, 3, 8}}) {
    World world(Dimensions::two);
    // A second EPT with the row's pages; with large ones guest-physical is host-physical.
    u64 spare = 200 * page_bytes;
    Tables ept([&](u64 at) { return world.host.read(Hpa(at), 8); },
               [&](u64 at, u64 value) { world.host.write(Hpa(at), 8, value, trace::Writer::monitor); },
               [&] { return (spare += page_bytes); });
    if (row.ept_level == 1)
      for (u64 page = 0; page < World::guest_pages; ++page)
        ept.map(page * page_bytes, world.guest.host_address(Gpa::of_page(page))->value, 7 | 6 << 3, 1, 7);
    else
      ept.map(0, 0, 7 | 6 << 3, row.ept_level, 7);
    // Guest tables where this EPT finds them.
    u64 table = 16 * page_bytes;
    const auto at_host = [&](u64 at) { return row.ept_level == 1 ? world.to_host(at) : Hpa(at); };
    if (row.ept_level != 1) table = 300 * page_bytes;
    Tables tables([&](u64 at) { return world.host.read(at_host(at), 8); },
                  [&](u64 at, u64 value) { world.host.write(at_host(at), 8, value, trace::Writer::guest); },
                  [&] { return (table += page_bytes); });
    const u64 linear = 0xffff800000000000;
    tables.map(linear, 0, P | RW | A | G, row.guest_level);
    world.mmu.state().cr3 = tables.root();
    world.mmu.state().ept_pointer = ept.root() | 3 << 3 | 6;
    const u64 offset = 0x234;
    const auto found = world.read(linear + offset);
    CHECK(found.outcome == Outcome::translated);
    CHECK(found.hpa == at_host(offset));
    CHECK(found.page_level == std::min(row.guest_level, row.ept_level));
    CHECK(world.last_walk().references == row.references);
    CHECK(world.last_walk().page_level == row.guest_level);
    const auto fill = world.recording.all<trace::TlbFill>().back().event;
    CHECK(fill.page_level == found.page_level);
    CHECK(fill.gva == mmu::page_of(linear + offset, found.page_level));
  }
}

TEST_CASE("exit qualifications of EPT violations, by access, place and granted rights") {
  enum class Where { page, page_table, pml4 };
  for (const bool ept_flags : {false, true}) {
    for (const Where where : {Where::page, Where::page_table, Where::pml4}) {
      for (const Access access : {Access::read, Access::write, Access::execute}) {
        for (const u64 granted : {0, 1, 3, 4, 5, 7}) {
          World world(Dimensions::two);
          world.tables.map(address, gpa, P | RW | US | A | D);
          for (unsigned level = 2; level <= 4; ++level)
            world.tables.set_entry(address, level, world.tables.entry(address, level) | A);
          if (ept_flags) *world.mmu.state().ept_pointer |= bit(6);
          const u64 there = where == Where::page         ? gpa + 0x10
                            : where == Where::page_table ? world.tables.place(address, 1, 0)
                                                         : world.tables.place(address, 4, 0);
          world.ept.set_entry(there, 1, (world.ept.entry(there, 1) & ~7ULL) | granted);
          const u64 own = access == Access::read ? 1 : access == Access::write ? 2 : 4;
          const u64 needed = where == Where::page ? own : ept_flags ? 3 : 1;
          const auto found = world.mmu.translate(Gva(address + 0x10), access, Privilege::user);
          CAPTURE(ept_flags);
          CAPTURE(static_cast<int>(where));
          CAPTURE(static_cast<int>(access));
          CAPTURE(granted);
          if ((granted & needed) == needed) {
            CHECK(found.outcome == Outcome::translated);
            continue;
          }
          REQUIRE(found.outcome == Outcome::ept_violation);
          CHECK(found.exit.qualification == (needed | granted << 3 | 1 << 7 | (where == Where::page ? 1ULL << 8 : 0)));
          CHECK(found.exit.gpa == Gpa(there));
          CHECK(found.exit.gva == Gva(address + 0x10));
          const auto ends = world.recording.all<trace::WalkEnd>();
          REQUIRE(ends.size() == 1);
          CHECK(ends[0].header.cause == found.exit.walk);
          CHECK(ends[0].event.outcome == static_cast<u8>(trace::WalkOutcome::ept_violation));
          CHECK(ends[0].event.gpa == there);
          CHECK(ends[0].event.error_code == static_cast<u32>(found.exit.qualification));
        }
      }
    }
  }
}

TEST_CASE("setting an accessed flag in a table that EPT does not let be written is a violation of its own") {
  World world(Dimensions::two);
  world.tables.map(address, gpa, P | RW | US);
  const u64 place = world.tables.place(address, 1, 0);
  world.ept.set_entry(place, 1, world.ept.entry(place, 1) & ~2ULL);
  const auto found = world.read(address);
  REQUIRE(found.outcome == Outcome::ept_violation);
  CHECK(found.exit.qualification == (2 | 5 << 3 | 1 << 7));
  CHECK(found.exit.gpa == Gpa(place));
  // With the flag already set nothing needs writing.
  world.tables.set_entry(address, 1, gpa | P | RW | US | A);
  CHECK(world.read(address).outcome == Outcome::translated);
  // And once the monitor has allowed it, the flag is set.
  world.tables.set_entry(address, 1, gpa | P | RW | US);
  world.ept.set_entry(place, 1, world.ept.entry(place, 1) | 2);
  world.mmu.invlpg(Gva(address));
  CHECK(world.read(address).outcome == Outcome::translated);
  CHECK((world.tables.entry(address, 1) & A) != 0);
}

TEST_CASE("a guest's page fault comes before what EPT says of the page, and EPT on the tables before that") {
  World world(Dimensions::two);
  world.tables.map(address, gpa, P | RW);
  world.ept.set_entry(gpa, 1, 0);
  CHECK(world.read(address, Privilege::user).outcome == Outcome::fault);
  CHECK(world.read(address).outcome == Outcome::ept_violation);
  const u64 directory = world.tables.place(address, 3, 0);
  const u64 kept = world.ept.entry(directory, 1);
  world.ept.set_entry(directory, 1, 0);
  world.mmu.flush_everything(trace::FlushCause::strange);
  const auto found = world.read(address, Privilege::user);
  CHECK(found.outcome == Outcome::ept_violation);
  CHECK(found.exit.gpa == Gpa(directory));
  world.ept.set_entry(directory, 1, kept);
  CHECK(world.read(address, Privilege::user).outcome == Outcome::fault);
}

TEST_CASE("an EPT entry that the monitor fills in after a violation is seen without INVEPT") {
  World world(Dimensions::two);
  mapped(world);
  const u64 good = world.ept.entry(gpa, 1);
  world.ept.set_entry(gpa, 1, 0);
  CHECK(world.read(address).outcome == Outcome::ept_violation);
  world.ept.set_entry(gpa, 1, (good & ~7ULL) | 1);
  CHECK(world.read(address).outcome == Outcome::translated);
  const auto write = world.write(address);  // combined mapping without the right: walked again, a violation
  CHECK(write.outcome == Outcome::ept_violation);
  CHECK(write.exit.qualification == (2 | 1 << 3 | 1 << 7 | 1 << 8));
  world.ept.set_entry(gpa, 1, good);
  CHECK(world.write(address).outcome == Outcome::translated);
}

TEST_CASE("with paging off EPT alone translates, and nothing of it is held") {
  World world(Dimensions::two);
  world.mmu.state().cr0 = arch::cr0::pe;
  const auto found = world.write(gpa + 8);
  CHECK(found.outcome == Outcome::translated);
  CHECK(found.gpa == Gpa(gpa + 8));
  CHECK(found.hpa == *world.guest.host_address(Gpa(gpa + 8)));
  CHECK_FALSE(found.held);
  CHECK(world.last_walk().references == 4);
  world.recording.forget();
  CHECK(world.read(gpa + 16).hpa == *world.guest.host_address(Gpa(gpa + 16)));
  CHECK(shape(world.references()) == "e1>0t");
  world.ept.set_entry(gpa + 0x1000, 1, 0);
  CHECK(world.read(gpa + 0x1000).exit.qualification == (1 | 1 << 7 | 1 << 8));
}

TEST_CASE("a clean page of EPT is dirtied by the first write, however often it was read before") {
  World world(Dimensions::two);
  world.tables.map(address, gpa, P | RW | US | A | D);
  world.tables.map(address + 0x1000, gpa, P | RW | US | A | D);  // the same frame twice
  *world.mmu.state().ept_pointer |= bit(6);
  const auto flags = [&] { return world.ept.entry(gpa, 1) & (mmu::ept::accessed | mmu::ept::dirty); };
  CHECK_FALSE(world.read(address).may_write);
  CHECK(flags() == mmu::ept::accessed);
  SUBCASE("by the TLB entry that the read made") { CHECK(world.write(address).may_write); }
  SUBCASE("by another translation, whose guest-physical mapping is cached clean") {
    CHECK(world.write(address + 0x1000).may_write);
  }
  CHECK(flags() == (mmu::ept::accessed | mmu::ept::dirty));
  const auto writes = world.recording.all<trace::TableWrite>();
  CHECK(writes.back().event.dimension == static_cast<u8>(Dimension::ept));
  CHECK(writes.back().event.writer == static_cast<u8>(trace::Writer::walker));
}

TEST_CASE("a page table found by a cache is still not written where EPT forbids it") {
  World world(Dimensions::two);
  world.tables.map(address, gpa, P | RW | US | A | D);
  world.tables.map(address + 0x1000, gpa + 0x1000, P | RW | US);
  const u64 table = world.tables.place(address, 1, 0);
  world.ept.set_entry(table, 1, world.ept.entry(table, 1) & ~2ULL);
  CHECK(world.read(address).outcome == Outcome::translated);
  const auto found = world.read(address + 0x1000);
  CHECK(shape(world.references()).find("g2c") != std::string::npos);
  REQUIRE(found.outcome == Outcome::ept_violation);
  CHECK(found.exit.qualification == (2 | 5 << 3 | 1 << 7));
  CHECK((world.tables.entry(address + 0x1000, 1) & A) == 0);
}

TEST_CASE("a right that the monitor loosens above the last level is seen without INVEPT") {
  World world(Dimensions::two);
  mapped(world);
  const u64 directory_entry = world.ept.entry(gpa, 2);
  // Everything lies below one directory entry, so the guest's tables must be readable at least.
  world.ept.set_entry(gpa, 2, directory_entry & ~2ULL);
  for (unsigned level = 2; level <= 4; ++level)
    world.tables.set_entry(address, level, world.tables.entry(address, level) | A);
  CHECK(world.read(address).outcome == Outcome::translated);
  SUBCASE("after a violation has said so") { CHECK(world.write(address + 0x1000).outcome == Outcome::ept_violation); }
  SUBCASE("while a structure cache still holds the old right") {}
  world.ept.set_entry(gpa, 2, directory_entry);
  CHECK(world.write(address + 0x1000).outcome == Outcome::translated);
}

TEST_CASE("an EPT violation drops what was cached of its two addresses, and says so") {
  World world(Dimensions::two);
  mapped(world);
  world.read(address);
  const u64 good = world.ept.entry(gpa, 1);
  world.ept.set_entry(gpa, 1, good & ~2ULL);
  world.mmu.invept(mmu::InveptType::all_ept, 0);
  world.read(address);
  world.recording.forget();
  const auto found = world.write(address);
  CHECK(found.outcome == Outcome::ept_violation);
  const auto flush = world.recording.all<trace::TlbFlush>();
  REQUIRE(flush.size() == 1);
  CHECK(flush[0].event.cause == static_cast<u8>(trace::FlushCause::ept_violation));
  CHECK(flush[0].event.gva == address);
  CHECK(flush[0].event.ept_pointer == mmu::page_of(*world.mmu.state().ept_pointer, 1));
  CHECK(flush[0].event.cached_structures == 6);  // three of the linear address, three of the guest-physical one
  CHECK(flush[0].header.cause == found.exit.walk);
}
