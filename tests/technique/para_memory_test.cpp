// What technique para keeps in memory, without a processor: uses of frames, the window, the tables to begin with, and
// the kernel's memory at its edges.
#include <doctest/doctest.h>
#include <numeric>

#include "support/plain_door.h"
#include "technique/para/kernel_memory.h"
#include "technique/para/window.h"

namespace trapline::technique::para {
namespace {

namespace pte = arch::pte;
using test::PlainDoor;

constexpr u64 guest_pages = 700;  // of two page tables the second in part

// Down from an entry to what maps a linear address at `level`.
u64 entry_at(PlainDoor& door, u64 table, u64 linear, unsigned from, unsigned level = 1) {
  u64 entry = table;
  for (unsigned at = from; at >= level; --at)
    entry = door.frames().read(Hpa(entry & pte::address) + bits(linear, 3 + 9 * at + 8, 3 + 9 * at) * 8);
  return entry;
}

// ---- uses ----------------------------------------------------------------------------------------------------------
TEST_CASE("a frame has one use at a time, from its first holder to its last") {
  FrameUses uses(4);
  CHECK(uses.contains(3));
  CHECK_FALSE(uses.contains(4));
  CHECK(uses.use(2) == FrameUse::none);
  for (const FrameUse use : {FrameUse::writable, FrameUse::kernel_pt, FrameUse::user_pdpt, FrameUse::pml4}) {
    for (const FrameUse any : {FrameUse::writable, FrameUse::user_pt, FrameUse::pml4}) CHECK(uses.allows(2, any));
    CHECK(uses.hold(2, use));
    CHECK_FALSE(uses.hold(2, use));
    CHECK(uses.use(2) == use);
    for (const FrameUse any : {FrameUse::writable, FrameUse::kernel_pt, FrameUse::user_pt, FrameUse::pml4})
      CHECK(uses.allows(2, any) == (any == use));
    CHECK(uses.allows(1, FrameUse::writable));
    CHECK_FALSE(uses.let_go(2));
    CHECK(uses.use(2) == use);
    CHECK(uses.let_go(2));
    CHECK(uses.use(2) == FrameUse::none);
  }
  uses.set_pinned(1, true);
  CHECK(uses.pinned(1));
  CHECK_FALSE(uses.pinned(2));
}

TEST_CASE("the use of a table tells its level and its part, and back") {
  for (const bool user_part : {false, true})
    for (unsigned level = 1; level <= 4; ++level) {
      const FrameUse use = table_use(level, user_part);
      CHECK(is_table(use));
      CHECK(level_of(use) == level);
      CHECK(is_user_part(use) == (user_part && level < 4));
    }
  CHECK_FALSE(is_table(FrameUse::none));
  CHECK_FALSE(is_table(FrameUse::writable));
}

// ---- the window ----------------------------------------------------------------------------------------------------
TEST_CASE("the window shows the shared page, the clock and every host frame's number, and nothing may be run there") {
  PlainDoor door(guest_pages, 64);
  Window window(door);
  REQUIRE(window.prepare(door.guest).ok());
  const u64 root = window.pml4_entry();
  const u64 shared = entry_at(door, root, para_abi::shared_page, 3),
            clock = entry_at(door, root, para_abi::clock_page, 3);
  constexpr u64 rights = pte::present | pte::user | pte::writable | pte::no_execute;
  CHECK((shared & rights) == rights);
  CHECK((clock & rights) == (rights & ~pte::writable));
  CHECK(entry_at(door, root, para_abi::window + 2 * page_bytes, 3) == 0);
  u64 guests = 0;
  for (u64 frame = 0; frame < 2 * guest_pages; ++frame) {
    const u64 place = para_abi::frame_numbers + frame * sizeof(u32);
    const u64 entry = entry_at(door, root, place, 3);
    if (!(entry & pte::present)) continue;  // behind the last frame of the guest's
    CHECK((entry & rights) == (rights & ~pte::writable));
    const u64 number = door.frames().read(Hpa(entry & pte::address) + place % page_bytes, 4);
    const Gpa page = door.guest.guest_page_of_frame(frame);
    CHECK(number == (page.known() ? page.page_number() : para_abi::not_the_guests));
    guests += page.known();
  }
  CHECK(guests == guest_pages);
}

TEST_CASE("the shared page's fields are where the ABI says") {
  PlainDoor door(guest_pages, 64);
  Window window(door);
  REQUIRE(window.prepare(door.guest).ok());
  const Hpa shared(entry_at(door, window.pml4_entry(), para_abi::shared_page, 3) & pte::address);
  const Hpa clock(entry_at(door, window.pml4_entry(), para_abi::clock_page, 3) & pte::address);
  const auto field = [&](u64 number) { return door.frames().read(shared + number * 8); };
  CHECK(field(0) == para_abi::version);
  CHECK(field(1) == 1);
  CHECK_FALSE(window.events_on());
  window.open_events(true);
  CHECK(field(1) == 0);
  window.raise(0);
  window.raise(63);
  CHECK(field(2) == ((u64{1} << 63) | 1));
  door.frames().write(shared + 24, 1);
  CHECK(window.open_channels() == u64{1} << 63);
  door.frames().write(shared + 8, 77);  // whatever is not 0
  CHECK_FALSE(window.events_on());
  window.tell_fault_address(0x1234);
  CHECK(field(4) == 0x1234);
  window.tell_time(99);
  CHECK(door.frames().read(clock) == 99);
}

// ---- the tables to begin with --------------------------------------------------------------------------------------
TEST_CASE("the tables to begin with map each page where it is, and give everything back") {
  PlainDoor door(guest_pages, 64);
  const u64 free = door.frames().free();
  BootTables tables(door);
  CHECK_FALSE(tables.in_use());
  tables.set_writable(3, false);  // before there are any: nothing
  REQUIRE(tables.prepare(door.guest).ok());
  constexpr u64 all = pte::present | pte::writable | pte::user | pte::accessed | pte::dirty;
  for (u64 page = 0; page < guest_pages; ++page)
    CHECK(entry_at(door, tables.root().value, page * page_bytes, 4) == (door.host(page * page_bytes) | all));
  CHECK(entry_at(door, tables.root().value, guest_pages * page_bytes, 4) == 0);
  for (const u64 page : {u64{0}, u64{511}, u64{512}, guest_pages - 1}) {
    const u64 place = page * page_bytes;
    tables.set_writable(page, false);
    CHECK(entry_at(door, tables.root().value, place, 4) == (door.host(place) | (all & ~pte::writable)));
    tables.set_writable(page, true);
    CHECK(entry_at(door, tables.root().value, place, 4) == (door.host(place) | all));
  }
  tables.give_back();
  CHECK_FALSE(tables.in_use());
  CHECK(door.frames().free() == free);
}

TEST_CASE("a monitor without frames says so in one sentence, wherever they end") {
  u64 refused = 0;
  for (u64 frames = 0; frames < 30; ++frames) {
    PlainDoor door(guest_pages, frames);
    Window window(door);
    DirectPaging paging(door.guest, door, door.bus, 36);
    Result<> made = window.prepare(door.guest);
    if (made) made = paging.prepare(PlainDoor::hidden_entry, window.pml4_entry());
    if (made) continue;
    ++refused;
    CHECK(refused == frames + 1);  // more frames never make it worse
    CHECK(made.error().sentence.find("less memory") != std::string::npos);
  }
  CHECK(refused > 10);
  CHECK(refused < 30);
}

// ---- the kernel's memory -------------------------------------------------------------------------------------------
struct Memory {
  Memory() {
    REQUIRE(window.prepare(door.guest).ok());
    REQUIRE(paging.prepare(PlainDoor::hidden_entry, window.pml4_entry()).ok());
  }
  PlainDoor door{guest_pages, 64};
  Window window{door};
  DirectPaging paging{door.guest, door, door.bus, 36};
  KernelMemory memory{paging, door.guest};
};

TEST_CASE("the kernel's memory is read and written across pages that lie apart") {
  Memory lab;
  std::vector<std::byte> text(3 * page_bytes);
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<std::byte>(i * 7 + 1);
  const u64 place = 5 * page_bytes - 3;
  REQUIRE(lab.memory.write(place, std::span<const std::byte>(text)));
  std::vector<std::byte> there(text.size()), same(text.size());
  REQUIRE(lab.memory.read(place, std::span(there)));
  REQUIRE(lab.door.guest.read(Gpa(place), std::span(same)));
  CHECK(there == text);
  CHECK(same == text);
  CHECK(lab.memory.read(u64{1} << 63, std::span<std::byte>()));  // nothing, anywhere
}

TEST_CASE("nothing is read or written where any byte is out of reach") {
  Memory lab;
  const u64 end = guest_pages * page_bytes;
  const std::vector<std::byte> ones(16, std::byte{1});
  std::vector<std::byte> into(16);
  for (const u64 place :
       {end, end - 8, u64{0x7fff'ffff'fff8}, u64{0x8000'0000'0000}, ~u64{0} - 7, ~u64{0}, para_abi::shared_page,
        para_abi::frame_numbers, u64{para_abi::hidden_slot} << 39 | ~u64{0} << 48}) {
    CAPTURE(place);
    CHECK_FALSE(lab.memory.write(place, std::span(ones)));
    CHECK_FALSE(lab.memory.read(place, std::span(into)));
    CHECK_FALSE(lab.memory.writable(place, 16));
  }
  CHECK(lab.door.get(end - 8) == 0);
  CHECK(lab.memory.write(end - 16, std::span(ones)));
}

TEST_CASE("a page table is read, not written, and what lies before it in the same write stays as well") {
  Memory lab;
  const u64 table = 9 * page_bytes;
  REQUIRE_FALSE(lab.paging.pin(Gpa(table), 1).has_value());
  u64 value = 5;
  CHECK_FALSE(lab.memory.write(table, value));
  CHECK_FALSE(lab.memory.write(table - 4, value));
  CHECK(lab.door.get(table - 8) == 0);
  CHECK(lab.memory.read(table, value));
  CHECK_FALSE(lab.memory.writable(table - 8, 9));
  CHECK(lab.memory.writable(table - 8, 8));
  REQUIRE_FALSE(lab.paging.unpin(Gpa(table)).has_value());
  CHECK(lab.memory.write(table - 4, value));
}

TEST_CASE("the last byte of the address space has no neighbour, though the first page is there") {
  Memory lab;
  constexpr u64 tables = 0x40000, last_page = 0x50000, first_page = 0x51000;
  constexpr u64 usual = pte::present | pte::writable;
  for (u64 level = 0; level < 4; ++level) {  // each leads down at its begin and at its end
    const u64 table = tables + level * page_bytes, next = table + page_bytes;
    lab.door.put(table, (level == 3 ? first_page : next) | usual);
    lab.door.put(table + 511 * 8, (level == 3 ? last_page : next) | usual);
  }
  REQUIRE_FALSE(lab.paging.load_root(Gpa(tables)).has_value());
  u16 two = 0x0201;
  u8 one = 3;
  CHECK(lab.memory.write(0, two));
  CHECK_FALSE(lab.memory.write(~u64{0}, two));
  CHECK_FALSE(lab.memory.read(~u64{0}, two));
  CHECK_FALSE(lab.memory.writable(~u64{0}, 2));
  CHECK(lab.memory.write(~u64{0}, one));
  CHECK(lab.door.get(last_page + page_bytes - 8) == u64{3} << 56);
  CHECK(lab.door.get(first_page) == 0x0201);
  CHECK_FALSE(lab.memory.writable(para_abi::window, 1));
}

}  // namespace
}  // namespace trapline::technique::para
