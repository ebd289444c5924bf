// Every bit of every kind of entry, one at a time: reserved or not, in guest tables and in EPT, through the whole Mmu.
#include "mmu/table_format.h"

#include <doctest/doctest.h>

#include "mmu/world.h"

using namespace trapline;
using namespace trapline::tests;
using mmu::Outcome;

namespace {

constexpr unsigned physical_bits = 46;

// The format tables of SDM vol. 3, "4-Level Paging": rows of "must be 0" by bit position.
bool guest_bit_reserved(unsigned level, bool page, bool nxe, unsigned position) {
  if (position == 63) return !nxe;
  if (position >= physical_bits && position <= 51) return true;
  if (level == 4) return position == 7;
  if (page && level == 3) return position >= 13 && position <= 29;
  if (page && level == 2) return position >= 13 && position <= 20;
  return false;
}

// The format tables of SDM vol. 3, "EPT Translation Mechanism".
bool ept_bit_reserved(unsigned level, bool page, unsigned position) {
  if (position >= physical_bits && position <= 51) return true;
  if (level == 4) return position >= 3 && position <= 7;
  if (page && level == 3) return position >= 12 && position <= 29;
  if (page && level == 2) return position >= 12 && position <= 20;
  if (!page && level >= 2) return position >= 3 && position <= 6;
  return false;
}

}  // namespace

TEST_CASE("each reserved bit of a guest entry, alone, makes the page fault with RSVD, and no other bit does") {
  for (const bool nxe : {true, false}) {
    for (const unsigned page_level : {1U, 2U, 3U}) {
      World world;
      if (!nxe) world.mmu.state().efer &= ~arch::efer::nxe;
      const u64 address = 0x40000000;
      world.tables.map(address, 0, P | RW | US, page_level);
      for (unsigned level = page_level; level <= 4; ++level) {
        const u64 place = world.tables.place(address, level, 0);
        const u64 good = world.host.read(Hpa(place), 8);
        for (unsigned position = 0; position < 64; ++position) {
          const bool page = level == page_level;
          if (position == 0 || (position == 7 && level < 4)) continue;        // another kind of entry
          if (!page && position >= 12 && position < physical_bits) continue;  // another table
          world.host.write(Hpa(place), 8, good ^ bit(position), trace::Writer::monitor);
          world.mmu.flush_everything(trace::FlushCause::strange);
          const auto found = world.read(address);
          const bool reserved = guest_bit_reserved(level, page, nxe, position);
          CAPTURE(nxe);
          CAPTURE(page_level);
          CAPTURE(level);
          CAPTURE(position);
          CHECK((found.outcome == Outcome::fault) == reserved);
          if (reserved) CHECK(found.fault.error_code == (arch::pf_error::present | arch::pf_error::reserved));
          world.host.write(Hpa(place), 8, good, trace::Writer::monitor);
        }
      }
    }
  }
}

TEST_CASE("each reserved bit of an EPT entry is a misconfiguration, and so are bad rights and memory types") {
  for (const unsigned page_level : {1U, 2U, 3U}) {
    World world(Dimensions::two);
    world.mmu.state().cr0 = arch::cr0::pe;  // linear is guest-physical: EPT alone
    const u64 address = 0x1c0000000;
    world.ept.map(address, 0, 7 | 6 << 3, page_level, 7);
    for (unsigned level = page_level; level <= 4; ++level) {
      const bool page = level == page_level;
      const u64 place = world.ept.place(address, level, 7);
      const u64 good = world.host.read(Hpa(place), 8);
      const auto outcome_with = [&](u64 entry) {
        world.host.write(Hpa(place), 8, entry, trace::Writer::monitor);
        world.mmu.flush_everything(trace::FlushCause::strange);
        const Outcome outcome = world.read(address).outcome;
        world.host.write(Hpa(place), 8, good, trace::Writer::monitor);
        return outcome;
      };
      for (unsigned position = 3; position < 64; ++position) {
        if (position == 7 && level < 4 && level > 1) continue;
        if (!page && position >= 12 && position < physical_bits) continue;
        if (page && position <= 5) continue;  // memory type, below
        CAPTURE(page_level);
        CAPTURE(level);
        CAPTURE(position);
        const bool reserved = ept_bit_reserved(level, page, position);
        CHECK(outcome_with(good | bit(position)) == (reserved ? Outcome::ept_misconfiguration : Outcome::translated));
      }
      for (u64 rights = 0; rights < 8; ++rights) {
        const bool bad = rights == 2 || rights == 6;
        const bool readable = rights & 1;
        CAPTURE(level);
        CAPTURE(rights);
        CHECK(outcome_with((good & ~7ULL) | rights) == (bad        ? Outcome::ept_misconfiguration
                                                        : readable ? Outcome::translated
                                                                   : Outcome::ept_violation));
      }
      for (u64 type = 0; page && type < 8; ++type) {
        const bool bad = type == 2 || type == 3 || type == 7;
        CAPTURE(type);
        CHECK(outcome_with((good & ~0x38ULL) | type << 3) ==
              (bad ? Outcome::ept_misconfiguration : Outcome::translated));
      }
    }
  }
}

TEST_CASE("tables outside the machine read as all ones: a reserved bit, never a crash") {
  World world;
  world.mmu.state().cr3 = World::host_frames * page_bytes;
  CHECK(world.read(0x1000).fault.error_code == (arch::pf_error::present | arch::pf_error::reserved));
  world.mmu.state().cr3 = 0x000ffffffffff000;
  CHECK(world.read(0x1000).outcome == Outcome::fault);
  World two(Dimensions::two);
  two.mmu.state().ept_pointer = 0x000ffffffffff01e;
  CHECK(two.read(0x1000).outcome == Outcome::ept_misconfiguration);
}
