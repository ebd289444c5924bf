// The checked door to a guest's bytes, over scattered frames and over somebody else's region.
#include "memory/guest_memory.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <ranges>
#include <set>

#include "memory/recording.h"

using namespace trapline;
using namespace trapline::memory;
using tests::Recording;

TEST_CASE("scattered frames are distinct, in range, never their own page, and follow the seed") {
  for (const u64 seed : {0ULL, 1ULL, 2ULL, 77ULL}) {
    for (const u64 first : {0ULL, 3ULL}) {
      for (const u64 pages : {1ULL, 2ULL, 3ULL, 64ULL, 4096ULL}) {
        const u64 count = pages + pages / 2 + 1;
        const auto frames = scattered_frames(pages, first, count, seed);
        REQUIRE(frames.size() == pages);
        CHECK(std::set<u64>(frames.begin(), frames.end()).size() == pages);
        for (u64 page = 0; page < pages; ++page) {
          CHECK(frames[page] != page);
          CHECK(frames[page] >= first);
          CHECK(frames[page] < first + count);
        }
        CHECK(frames == scattered_frames(pages, first, count, seed));
      }
    }
  }
  CHECK(scattered_frames(64, 0, 64, 1) != scattered_frames(64, 0, 64, 2));
  // Visibly scattered: hardly any page is followed by its neighbour.
  const auto frames = scattered_frames(4096, 10, 6000, 1);
  const auto neighbours =
      std::ranges::count_if(std::views::iota(1, 4096), [&](int page) { return frames[page] == frames[page - 1] + 1; });
  CHECK(neighbours < 10);
}

TEST_CASE("reads and writes cross pages and stop at the end") {
  Recording recording;
  HostMemory host(64 * page_bytes, recording.bus);
  GuestMemory guest(host, scattered_frames(16, 8, 56, 5));
  CHECK(guest.bytes() == 16 * page_bytes);

  std::vector<std::byte> bytes(3 * page_bytes);
  for (std::size_t index = 0; index < bytes.size(); ++index)
    bytes[index] = static_cast<std::byte>(index * 7 + index / 256);
  REQUIRE(guest.write(Gpa(0x1801), bytes));
  std::vector<std::byte> back(bytes.size());
  REQUIRE(guest.read(Gpa(0x1801), back));
  CHECK(back == bytes);
  // The same bytes, found one by one through the frames.
  for (const u64 offset : std::initializer_list<u64>{0, 0x7fe, 0x7ff, 0x17ff, bytes.size() - 1}) {
    const auto address = guest.host_address(Gpa(0x1801 + offset));
    REQUIRE(address);
    CHECK(host.read(*address, 1) == static_cast<u64>(bytes[offset]));
    CHECK(guest.guest_page_of_frame(address->page_number()) == Gpa(0x1801 + offset).page());
  }
  CHECK_FALSE(guest.host_address(Gpa(16 * page_bytes)));
  CHECK(guest.guest_page_of_frame(0) == Gpa::unknown());
  CHECK(guest.guest_page_of_frame(~0ULL) == Gpa::unknown());
}

TEST_CASE("a write that does not fit does nothing") {
  Recording recording;
  HostMemory host(8 * page_bytes, recording.bus);
  GuestMemory guest(host, scattered_frames(4, 2, 6, 1));
  const u64 end = guest.bytes();
  REQUIRE(guest.store<u32>(Gpa(end - 4), 0x01020304));
  CHECK_FALSE(guest.store<u64>(Gpa(end - 4), 0));
  CHECK_FALSE(guest.store<u8>(Gpa(end), 0));
  CHECK_FALSE(guest.store<u64>(Gpa(~0ULL - 3), 0));
  CHECK(guest.load<u32>(Gpa(end - 4)) == 0x01020304U);
  CHECK_FALSE(guest.load<u64>(Gpa(end - 4)));
  CHECK_FALSE(guest.load<u64>(Gpa(~0ULL - 3)));
  CHECK(guest.write(Gpa(end), {}));
}

TEST_CASE("over a region of its own process, page n is frame n") {
  Recording recording;
  alignas(4096) static std::byte region[4 * page_bytes];
  HostMemory host{std::span<std::byte>(region), recording.bus};
  GuestMemory guest(host, identity_frames(4));
  REQUIRE(guest.store<u64>(Gpa(0x2ffc), 0x1122334455667788));
  CHECK(region[0x2ffc] == std::byte{0x88});
  CHECK(region[0x3003] == std::byte{0x11});
  CHECK(guest.host_address(Gpa(0x3001)) == Hpa(0x3001));
  region[0x10] = std::byte{9};
  CHECK(guest.load<u8>(Gpa(0x10)) == 9);
}

TEST_CASE("a monitor's write to a guest's watched table is told with the guest's address") {
  Recording recording;
  HostMemory host(16 * page_bytes, recording.bus);
  GuestMemory guest(host, scattered_frames(8, 4, 12, 3));
  host.name_frames_by([&](u64 frame) { return guest.guest_page_of_frame(frame); });
  host.add_mark(guest.host_address(Gpa(0x3000))->page_number(), mark::guest_table);
  guest.store<u64>(Gpa(0x3008), 0xabc, trace::Writer::device);
  const auto writes = recording.all<trace::TableWrite>();
  REQUIRE(writes.size() == 1);
  CHECK(writes[0].event.gpa == 0x3008);
  CHECK(writes[0].event.hpa == guest.host_address(Gpa(0x3008))->value);
  CHECK(writes[0].event.writer == static_cast<u8>(trace::Writer::device));
}
