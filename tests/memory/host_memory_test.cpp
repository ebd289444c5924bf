// Frames, marks and what they promise: every change of a watched byte is told, and nothing else is.
#include "memory/host_memory.h"

#include <doctest/doctest.h>
#include <map>

#include "memory/recording.h"

using namespace trapline;
using namespace trapline::memory;
using tests::Recording;
using trace::Writer;

TEST_CASE("values are little endian and of every size") {
  Recording recording;
  HostMemory memory(4 * page_bytes, recording.bus);
  memory.write(Hpa(0x1ff8), 8, 0x1122334455667788, Writer::guest);
  CHECK(memory.read(Hpa(0x1ff8), 1) == 0x88);
  CHECK(memory.read(Hpa(0x1ff9), 2) == 0x6677);
  CHECK(memory.read(Hpa(0x1ffc), 4) == 0x11223344);
  CHECK(memory.host_page(Hpa(0x1ff8))[0xff8] == std::byte{0x88});
  memory.write(Hpa(0x1ff8), 2, 0xaaaabbbb, Writer::guest);
  CHECK(memory.read(Hpa(0x1ff8), 8) == 0x112233445566bbbb);
}

TEST_CASE("contains holds at the edges and against overflow") {
  Recording recording;
  HostMemory memory(2 * page_bytes, recording.bus);
  CHECK(memory.contains(Hpa(0x1fff), 1));
  CHECK_FALSE(memory.contains(Hpa(0x1fff), 2));
  CHECK_FALSE(memory.contains(Hpa(0x2000), 0));
  CHECK_FALSE(memory.contains(Hpa(0x1000), ~0ULL));
  CHECK_FALSE(memory.contains(Hpa(~0ULL), 2));
}

TEST_CASE("make refuses sizes that no machine can have, in one sentence") {
  Recording recording;
  const u64 sizes[] = {0, 1, 4097, HostMemory::largest + page_bytes, 1ULL << 63};
  for (const u64 bytes : sizes) {
    auto refused = HostMemory::make(bytes, recording.bus);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().kind == ErrorKind::usage);
    CHECK(refused.error().sentence.find(std::to_string(bytes)) != std::string::npos);
  }
  auto large = HostMemory::make(8ULL << 30, recording.bus);  // costs nothing until touched
  REQUIRE(large.ok());
  CHECK((*large)->read(Hpa((8ULL << 30) - 8), 8) == 0);
}

TEST_CASE("unwatched writes are silent") {
  Recording recording;
  HostMemory memory(2 * page_bytes, recording.bus);
  memory.on_code_write([](u64, u64, u64) { FAIL("told of a write to a frame without marks"); });
  memory.write(Hpa(0x10), 8, 1, Writer::guest);
  memory.add_mark(1, mark::code | mark::guest_table);
  recording.forget();
  memory.write(Hpa(0xff8), 8, 1, Writer::guest);
  CHECK(recording.all<trace::TableWrite>().empty());
}

TEST_CASE("the first table mark sends the page, later ones do not, and a page watched anew is sent anew") {
  Recording recording;
  HostMemory memory(4 * page_bytes, recording.bus);
  memory.write(Hpa(0x2008), 8, 0x1234, Writer::guest);
  std::vector<u64> told;
  memory.on_first_mark([&](u64 frame) { told.push_back(frame); });

  CHECK(memory.add_mark(2, mark::code));
  CHECK(recording.all<trace::Keyframe>().empty());
  CHECK(memory.add_mark(2, mark::guest_table));
  CHECK_FALSE(memory.add_mark(2, mark::guest_table));
  CHECK(memory.add_mark(2, mark::ept_table));
  CHECK(memory.marks(2) == (mark::code | mark::guest_table | mark::ept_table));
  CHECK(*memory.marks_of(Hpa(0x2fff)) == memory.marks(2));
  CHECK(told == std::vector<u64>{2});

  auto parts = recording.all<trace::Keyframe>();
  REQUIRE(parts.size() == 1);
  CHECK(tag_text(parts[0].event.tag) == "PAGE");
  CHECK(parts[0].event.address == 0x2000);
  REQUIRE(parts[0].blob.size() == page_bytes);
  CHECK(std::memcmp(parts[0].blob.data(), memory.host_page(Hpa(0x2000)), page_bytes) == 0);

  memory.clear_mark(2, mark::table);
  CHECK(memory.marks(2) == mark::code);
  memory.write(Hpa(0x2008), 8, 0x5678, Writer::guest);
  memory.add_mark(2, mark::ept_table);
  parts = recording.all<trace::Keyframe>();
  REQUIRE(parts.size() == 2);
  CHECK(std::memcmp(parts[1].blob.data(), memory.host_page(Hpa(0x2000)), page_bytes) == 0);
}

TEST_CASE("table writes come in aligned pieces with old and new value, owner and writer") {
  Recording recording;
  HostMemory memory(4 * page_bytes, recording.bus);
  memory.name_frames_by([](u64 frame) { return frame == 1 ? Gpa(0x7000) : Gpa::unknown(); });
  memory.add_mark(1, mark::guest_table);
  memory.add_mark(2, mark::ept_table);
  memory.write(Hpa(0x1006), 4, 0xdeadbeef, Writer::guest);
  memory.write(Hpa(0x1010), 8, 0, Writer::guest);  // changes nothing
  memory.write(Hpa(0x2020), 8, 0x77, Writer::monitor);

  const auto writes = recording.all<trace::TableWrite>();
  REQUIRE(writes.size() == 3);
  CHECK(writes[0].event.hpa == 0x1006);
  CHECK(writes[0].event.gpa == 0x7006);
  CHECK(writes[0].event.size == 2);
  CHECK(writes[0].event.old_value == 0);
  CHECK(writes[0].event.value == 0xbeef);
  CHECK(writes[0].event.writer == static_cast<u8>(Writer::guest));
  CHECK(writes[0].event.dimension == static_cast<u8>(trace::Dimension::guest));
  CHECK(writes[1].event.hpa == 0x1008);
  CHECK(writes[1].event.gpa == 0x7008);
  CHECK(writes[1].event.value == 0xdead);
  CHECK(writes[2].event.gpa == unknown_address);
  CHECK(writes[2].event.dimension == static_cast<u8>(trace::Dimension::ept));
}

TEST_CASE("the code listener hears of every write before it happens, across pages") {
  Recording recording;
  HostMemory memory(4 * page_bytes, recording.bus);
  memory.add_mark(1, mark::code);
  memory.add_mark(2, mark::code);
  struct Told {
    u64 frame, offset, count;
    bool operator==(const Told&) const = default;
  };
  std::vector<Told> told;
  memory.on_code_write([&](u64 frame, u64 offset, u64 count) {
    CHECK(memory.read(Hpa::of_page(frame) + offset, 1) == 0);
    told.push_back({frame, offset, count});
  });
  const std::vector<std::byte> bytes(page_bytes + 20, std::byte{0x5a});
  memory.write_bytes(Hpa(0x1ff6), bytes, Writer::device);
  CHECK(told == std::vector<Told>{{1, 0xff6, 10}, {2, 0, page_bytes}});  // frame 3 is unmarked
  std::vector<std::byte> back(bytes.size());
  memory.read_bytes(Hpa(0x1ff6), back);
  CHECK(back == bytes);
}

TEST_CASE("a page's keyframe and the writes since rebuild a watched page from the trace alone") {
  Recording recording;
  HostMemory memory(8 * page_bytes, recording.bus);
  u64 state = 42;
  const auto random = [&] { return state = state * 6364136223846793005 + 1442695040888963407; };
  for (int step = 0; step < 4000; ++step) {
    const u64 frame = random() >> 40 & 7;
    if (step % 500 == 250) memory.add_mark(step / 500, mark::guest_table);
    const unsigned size = 1U << (random() >> 60 & 3);
    memory.write(Hpa::of_page(frame) + (random() >> 33) % (page_bytes - 8), size, random(), Writer::guest);
  }
  std::map<u64, std::vector<std::byte>> pages;
  recording.each([&](const trace::RecordHeader& header, const std::byte* fields) {
    if (header.kind == static_cast<u16>(trace::Kind::keyframe)) {
      trace::Keyframe part;
      std::memcpy(static_cast<void*>(&part), fields, sizeof part);
      const std::byte* blob = fields + ((sizeof part + 7) & ~std::size_t{7}) + 8;
      pages[part.address].assign(blob, blob + page_bytes);
    } else {
      trace::TableWrite event;
      std::memcpy(static_cast<void*>(&event), fields, sizeof event);
      auto& page = pages.at(Hpa(event.hpa).page().value);
      u64 old = 0;
      std::memcpy(&old, &page[event.hpa % page_bytes], event.size);
      CHECK(old == event.old_value);
      std::memcpy(&page[event.hpa % page_bytes], &event.value, event.size);
    }
  });
  CHECK(pages.size() == 8);
  for (const auto& [address, page] : pages)
    CHECK(std::memcmp(page.data(), memory.host_page(Hpa(address)), page_bytes) == 0);
}

TEST_CASE("a whole-memory keyframe holds the nonzero pages and restores into another memory") {
  Recording recording;
  HostMemory memory(300 * page_bytes, recording.bus);
  for (u64 page = 100; page < 230; ++page) memory.write(Hpa::of_page(page) + 4088, 8, page, Writer::guest);
  memory.write(Hpa(0x3000), 1, 1, Writer::guest);
  memory.save_keyframe(9);

  std::vector<std::byte> region(10 * page_bytes + 300 * page_bytes);
  auto* aligned = reinterpret_cast<std::byte*>((reinterpret_cast<std::uintptr_t>(region.data()) + 4095) & ~4095ULL);
  HostMemory other(std::span(aligned, 300 * page_bytes), recording.bus);
  other.write(Hpa(0x5000), 8, ~0ULL, Writer::guest);
  other.clear();
  u64 pages = 0;
  for (const auto& part : recording.all<trace::Keyframe>()) {
    CHECK(part.event.set == 9);
    CHECK(tag_text(part.event.tag) == "MEM0");
    pages += part.blob.size() / page_bytes;
    CHECK(other.restore_part(Hpa(part.event.address), part.blob));
  }
  CHECK(pages == 131);
  CHECK(std::memcmp(other.host_page(Hpa(0)), memory.host_page(Hpa(0)), 300 * page_bytes) == 0);

  memory.clear();
  CHECK(memory.read(Hpa::of_page(100) + 4088, 8) == 0);
  const std::vector<std::byte> page(page_bytes);
  CHECK_FALSE(memory.restore_part(Hpa::of_page(300), page));
  CHECK_FALSE(memory.restore_part(Hpa(8), page));
  CHECK_FALSE(memory.restore_part(Hpa(0), std::span(page).first(100)));
}
