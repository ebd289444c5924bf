// Invalidation: by a random driver against a second model, and scope by scope.
#include <algorithm>
#include <doctest/doctest.h>
#include <set>

#include "mmu/invalidation_driver.h"

using namespace trapline;
using namespace trapline::tests;

TEST_CASE("nothing is served that the manual does not let a processor remember") {
  const mmu::MmuOptions shapes[] = {{.tlb_sets = 16, .tlb_ways = 4},
                                    {.tlb_sets = 1, .tlb_ways = 2},
                                    {.tlb_sets = 1, .tlb_ways = 1, .paging_structure_caches = false},
                                    {.tlb_sets = 1, .tlb_ways = 1}};
  for (const auto dimensions : {Dimensions::one, Dimensions::two}) {
    for (const auto& shape : shapes) {
      InvalidationDriver driver(dimensions, shape, 11);
      for (int step = 0; step < 12000; ++step) driver.step();
      CAPTURE(dimensions == Dimensions::two);
      CAPTURE(shape.tlb_ways);
      CHECK(driver.wrong == 0);
      CHECK(driver.served > 1000);
      CHECK(driver.faults > 100);
      CHECK(driver.stale > 0);  // the driver does meet stale entries, or it would prove nothing
    }
  }
}

TEST_CASE("INVLPG takes every piece of a large page that EPT's small pages have broken up") {
  World world(Dimensions::two);
  world.tables.map(0x40000000, 0, P | RW | US, 2);
  for (u64 page = 0; page < 5; ++page) world.read(0x40000000 + page * page_bytes);
  world.read(0x40000000);
  std::set<u64> gone;
  world.mmu.on_evict([&](Gva first, u64) { gone.insert(first.value); });
  world.mmu.invlpg(Gva(0x40003123));
  CHECK(world.last_flush().entries == 5);
  CHECK(gone.size() == 5);
}

TEST_CASE("each flush names its scope, its cause and what it dropped") {
  using trace::FlushCause;
  using trace::FlushScope;
  World world(Dimensions::two);
  auto& unit = world.mmu;
  unit.state().cr4 |= arch::cr4::pcide | arch::cr4::pge;
  unit.state().cr3 |= 3;
  unit.state().vpid = 7;
  for (u64 page = 0; page < 3; ++page)
    world.tables.map(0x40000000 + page * page_bytes, (100 + page) * page_bytes, P | RW | US | (page == 2 ? G : 0));
  const auto expect = [&](auto flush, FlushScope scope, FlushCause cause, u32 entries, u32 structures) {
    unit.flush_everything(FlushCause::strange);
    for (u64 page = 0; page < 3; ++page) world.read(0x40000000 + page * page_bytes);
    flush();
    const auto event = world.last_flush();
    CHECK(event.scope == static_cast<u8>(scope));
    CHECK(event.cause == static_cast<u8>(cause));
    const bool by_ept = scope == FlushScope::one_ept || scope == FlushScope::all_ept || cause == FlushCause::strange;
    CHECK(event.entries == std::min(entries, 3u));
    CHECK(event.physical_entries == (by_ept && entries ? 7 : 0));
    CHECK(event.cached_structures == structures);
    return event;
  };
  const u64 eptp = *unit.state().ept_pointer;
  // Guest-physical: four tables and three pages, and EPT's three structures for all of them.
  CHECK(expect([&] { unit.invlpg(Gva(0x40001234)); }, FlushScope::one_page, FlushCause::invlpg, 1, 3).pcid == 3);
  expect([&] { unit.invpcid(mmu::InvpcidType::address, 3, Gva(0x40002000)); }, FlushScope::one_page,
         FlushCause::invpcid, 0, 3);
  expect([&] { unit.invpcid(mmu::InvpcidType::one_pcid, 3, Gva(0)); }, FlushScope::one_pcid, FlushCause::invpcid, 2, 3);
  expect([&] { unit.invpcid(mmu::InvpcidType::all, 0, Gva(0)); }, FlushScope::one_vpid, FlushCause::invpcid, 3, 3);
  expect([&] { unit.invpcid(mmu::InvpcidType::all_but_global, 0, Gva(0)); }, FlushScope::all_but_global,
         FlushCause::invpcid, 2, 3);
  expect([&] { unit.cr3_written(mmu::Cr3Write::invalidates); }, FlushScope::one_pcid, FlushCause::mov_cr3, 2, 3);
  CHECK(expect([&] { unit.invvpid(mmu::InvvpidType::one_vpid, 7, Gva(0)); }, FlushScope::one_vpid, FlushCause::invvpid,
               3, 3)
            .vpid == 7);
  expect([&] { unit.invvpid(mmu::InvvpidType::one_vpid, 8, Gva(0)); }, FlushScope::one_vpid, FlushCause::invvpid, 0, 0);
  expect([&] { unit.invvpid(mmu::InvvpidType::all_vpids, 0, Gva(0)); }, FlushScope::all_contexts, FlushCause::invvpid,
         3, 3);
  expect([&] { unit.invvpid(mmu::InvvpidType::one_vpid_but_global, 7, Gva(0)); }, FlushScope::all_but_global,
         FlushCause::invvpid, 2, 3);
  CHECK(expect([&] { unit.invept(mmu::InveptType::one_ept, eptp); }, FlushScope::one_ept, FlushCause::invept, 3 + 7,
               3 + 3)
            .ept_pointer == mmu::page_of(eptp, 1));
  expect([&] { unit.invept(mmu::InveptType::one_ept, eptp + page_bytes); }, FlushScope::one_ept, FlushCause::invept, 0,
         0);
  expect([&] { unit.invept(mmu::InveptType::all_ept, 0); }, FlushScope::all_ept, FlushCause::invept, 3 + 7, 3 + 3);
  expect([&] { unit.vm_entry(mmu::VpidControl::disabled); }, FlushScope::one_vpid, FlushCause::vm_entry, 0, 0);
  unit.state().vpid = 0;
  expect([&] { unit.vm_exit(mmu::VpidControl::disabled); }, FlushScope::one_vpid, FlushCause::vm_exit, 3, 3);
  expect([&] { unit.flush_everything(FlushCause::strange); }, FlushScope::all_contexts, FlushCause::strange, 3 + 7,
         3 + 3);
}

TEST_CASE("of CR0 and CR4 exactly the manual's changes flush") {
  struct Row {
    u64 cr0_or_4, bit;
    bool setting_flushes, clearing_flushes;
  };
  for (const Row row : {Row{4, arch::cr4::pge, true, true}, Row{4, arch::cr4::pcide, false, true},
                        Row{4, arch::cr4::smep, true, false}, Row{4, arch::cr4::smap, false, false},
                        Row{0, arch::cr0::wp, false, false}, Row{0, arch::cr0::pg, false, true}}) {
    for (const bool setting : {true, false}) {
      World world;
      auto& state = world.mmu.state();
      u64& reg = row.cr0_or_4 ? state.cr4 : state.cr0;
      world.tables.map(0x40000000, 0x100000, P | RW);
      reg |= row.bit;
      if (setting) reg &= ~row.bit;
      if (state.paging()) world.read(0x40000000);
      world.recording.forget();
      const u64 old = reg;
      reg ^= row.bit;
      row.cr0_or_4 ? world.mmu.cr4_written(old) : world.mmu.cr0_written(old);
      CHECK(world.recording.all<trace::TlbFlush>().empty() == !(setting ? row.setting_flushes : row.clearing_flushes));
    }
  }
}
