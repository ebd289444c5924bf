// Direct paging's two forms of an entry, without a processor: what the guest asked for comes back to the byte, and the
// flags that a processor sets are kept.
#include <doctest/doctest.h>
#include <random>

#include "support/plain_door.h"
#include "technique/para/direct_paging.h"
#include "technique/para/window.h"

namespace trapline::technique::para {
namespace {

namespace pte = arch::pte;
using spec::HypercallRule;
using test::PlainDoor;

constexpr u64 guest_pages = 1024, large = 0x200000;
constexpr u64 table = 0x40000, lower = 0x41000;  // frames that become tables
constexpr u64 usual = pte::present | pte::writable;

struct Paging {
  Paging() {
    REQUIRE(window.prepare(door.guest).ok());
    REQUIRE(paging.prepare(PlainDoor::hidden_entry, window.pml4_entry()).ok());
  }
  void pin(u64 place, u64 level) { REQUIRE_FALSE(paging.pin(Gpa(place), level).has_value()); }
  void update(u64 entry, u64 value) { REQUIRE_FALSE(paging.update(Gpa(entry), value).has_value()); }
  u64 asked(u64 entry) {
    u64 value = ~u64{0};
    REQUIRE_FALSE(paging.read_entry(Gpa(entry), value).has_value());
    return value;
  }
  // As a walk does it, in the entry or, of a split page, in that of its leaves.
  void set_flags(u64 entry, u64 flags, u64 leaf = 0) {
    const u64 stored = door.get(entry);
    if (!(stored & para_abi::entry_split)) return door.put(entry, stored | flags);
    door.put(entry, stored | pte::accessed);
    const Hpa place = Hpa(stored & pte::address) + leaf * 8;
    door.frames().write(place, door.frames().read(place) | flags);
  }
  std::vector<std::byte> bytes(u64 place) {
    std::vector<std::byte> all(page_bytes);
    REQUIRE(door.guest.read(Gpa(place), std::span(all)));
    return all;
  }

  PlainDoor door{guest_pages, 96};
  Window window{door};
  DirectPaging paging{door.guest, door, door.bus, 36};
};

// Bits that the guest may choose freely in a present entry: PWT, PCD, A, 8 to 11 but G, XD; U/S and R/W besides.
u64 random_flags(std::mt19937_64& random) {
  const u64 free = bit_mask(5, 3) | bit_mask(11, 9) | pte::user | pte::writable | pte::no_execute;
  return (random() & free) | pte::present;
}

TEST_CASE("a table that is let go is in the guest's form again, byte for byte") {
  for (u64 seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    Paging lab;
    const u64 free = lab.door.frames().free();
    for (u64 index = 0; index < 512; ++index) {
      const u64 page = 0x100000 + random() % 200 * page_bytes;
      if (random() % 4 == 0) lab.door.put(lower + index * 8, random() & ~u64{1});  // not present: says anything
      if (random() % 2 == 0)
        lab.door.put(lower + index * 8, page | random_flags(random) | (random() & (pte::dirty | pte::large)));
      if (random() % 64 == 0) lab.door.put(table + index * 8, lower | random_flags(random));
      if (random() % 128 == 0)
        lab.door.put(table + index * 8, large | random_flags(random) | pte::large | (random() & pte::dirty));
    }
    lab.door.put(table, lower | usual);
    const auto before = lab.bytes(table), before_lower = lab.bytes(lower);
    lab.pin(table, 2);
    CHECK(lab.paging.use(lower / page_bytes) == FrameUse::kernel_pt);
    CHECK(lab.bytes(lower) != before_lower);
    for (u64 index = 0; index < 512; ++index) {
      u64 was;
      std::memcpy(&was, before.data() + index * 8, 8);
      // What walks set of a large page's flags is its leaves' business: dirty makes no entry of theirs.
      CHECK(lab.asked(table + index * 8) == was);
    }
    REQUIRE_FALSE(lab.paging.unpin(Gpa(table)).has_value());
    CHECK(lab.bytes(table) == before);
    CHECK(lab.bytes(lower) == before_lower);
    for (u64 page = 0; page < guest_pages; ++page) CHECK(lab.paging.use(page) == FrameUse::none);
    lab.paging.settle();
    CHECK(lab.door.frames().free() == free);
  }
}

TEST_CASE("a root that is let go is as the guest wrote it, without the monitor's slots") {
  Paging lab;
  lab.door.put(table + 8, lower | usual | pte::user);
  const auto before = lab.bytes(table);
  lab.pin(table, 4);
  CHECK(lab.door.get(table + para_abi::hidden_slot * 8) == PlainDoor::hidden_entry);
  CHECK(lab.door.get(table + para_abi::window_slot * 8) == lab.window.pml4_entry());
  CHECK(lab.asked(table + para_abi::hidden_slot * 8) == 0);
  CHECK(lab.asked(table + para_abi::window_slot * 8) == 0);
  REQUIRE_FALSE(lab.paging.unpin(Gpa(table)).has_value());
  CHECK(lab.bytes(table) == before);
}

TEST_CASE("accessed and dirty flags that the processor sets are the guest's to read, and kept when a table is let go") {
  Paging lab;
  lab.door.put(table, (0x100000) | usual);
  lab.door.put(table + 8, (0x101000) | usual);
  lab.pin(table, 1);
  lab.set_flags(table, pte::accessed | pte::dirty);
  lab.set_flags(table + 8, pte::accessed);
  CHECK(lab.asked(table) == (0x100000 | usual | pte::accessed | pte::dirty));
  CHECK(lab.asked(table + 8) == (0x101000 | usual | pte::accessed));
  lab.update(table + 16, 0x102000 | usual);  // a neighbour's change
  CHECK(lab.asked(table) == (0x100000 | usual | pte::accessed | pte::dirty));
  lab.update(table, lab.asked(table) & ~pte::writable);  // read, changed, stored
  CHECK(lab.asked(table) == (0x100000 | pte::present | pte::accessed | pte::dirty));
  lab.update(table + 8, 0x101000 | usual);  // and cleared, where the guest says so
  CHECK(lab.asked(table + 8) == (0x101000 | usual));
  REQUIRE_FALSE(lab.paging.unpin(Gpa(table)).has_value());
  CHECK(lab.door.get(table) == (0x100000 | pte::present | pte::accessed | pte::dirty));
}

TEST_CASE("a large page is accessed and dirty where one of its parts is") {
  for (const u64 leaf : {u64{0}, u64{7}, u64{511}}) {
    CAPTURE(leaf);
    Paging lab;
    const u64 asked = large | usual | pte::large;
    lab.door.put(table, asked);
    lab.pin(table, 2);
    CHECK((lab.door.get(table) & para_abi::entry_split) != 0);
    CHECK(lab.asked(table) == asked);
    lab.set_flags(table, pte::accessed, leaf);
    CHECK(lab.asked(table) == (asked | pte::accessed));
    lab.set_flags(table, pte::accessed | pte::dirty, leaf);
    CHECK(lab.asked(table) == (asked | pte::accessed | pte::dirty));
    lab.update(table, asked);  // the guest starts anew
    CHECK(lab.asked(table) == asked);
    lab.set_flags(table, pte::accessed | pte::dirty, leaf);
    REQUIRE_FALSE(lab.paging.unpin(Gpa(table)).has_value());
    CHECK(lab.door.get(table) == (asked | pte::accessed | pte::dirty));
  }
}

TEST_CASE("a frame that is no page table takes any entry, and is read as it is") {
  Paging lab;
  lab.update(table, ~u64{0});
  CHECK(lab.door.get(table) == ~u64{0});
  CHECK(lab.asked(table) == ~u64{0});
  const auto refused = lab.paging.pin(Gpa(table), 1);
  REQUIRE(refused.has_value());
  CHECK(refused->rule == HypercallRule::reserved_bits);
  CHECK(refused->value == ~u64{0});
}

TEST_CASE("translations are dropped when a page table begins or ends, not for less") {
  Paging lab;
  lab.paging.settle();
  CHECK(lab.door.invalidated == 0);
  lab.pin(table, 1);
  lab.paging.settle();
  lab.paging.settle();
  CHECK(lab.door.invalidated == 1);
  lab.update(table, 0x100000 | usual);
  lab.update(table, 0);
  lab.paging.settle();
  CHECK(lab.door.invalidated == 1);  // the guest's to flush
  REQUIRE_FALSE(lab.paging.unpin(Gpa(table)).has_value());
  lab.paging.settle();
  CHECK(lab.door.invalidated == 2);
}

}  // namespace
}  // namespace trapline::technique::para
