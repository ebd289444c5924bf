// Rings full of chance: no crash, nothing written but what may be, and the same as the plain reference device makes of
// them.
#include <algorithm>
#include <doctest/doctest.h>
#include <set>

#include "virtio/reference_device.h"

using namespace trapline;
using namespace trapline::test;

namespace {

constexpr u64 pages = 8;

// An address that is mostly a sensible one, sometimes inside the rings, sometimes nowhere.
u64 some_address(Random& random, const Driver& driver) {
  const u64 bytes = pages * page_bytes;
  if (random.one_in(200)) return random.next();
  if (random.one_in(200)) return bytes - random.below(600);
  if (random.one_in(12)) return (random.one_in(2) ? driver.used : driver.table) + random.below(64);
  return 0x4000 + random.below(0x3000);
}

u32 some_length(Random& random) {
  static constexpr u32 likely[] = {1, 16, 512, 513, 1024, 528, 17, 20, 0};
  if (random.one_in(200)) return static_cast<u32>(random.next());
  return likely[random.below(std::size(likely))];
}

// A header where some address may find it.
void put_headers(Random& random, Driver& driver) {
  for (u64 address = 0x4000; address < 0x7000; address += 16) {
    driver.poke(address, 4, random.one_in(8) ? random.below(16) : random.below(2));
    driver.poke(address + 8, 8, random.one_in(20) ? random.next() : random.below(260));
  }
}

// A chain over neighbouring descriptors, mostly right: a header, perhaps data to read, then buffers to write. Returns
// how many descriptors it has.
u64 put_chain(Random& random, Driver& driver, u16 head) {
  const u64 size = driver.size(), count = std::min(size - head, 2 + random.below(3));
  const u64 first_writable = count > 2 && random.one_in(2) ? 2 : 1;
  for (u64 i = 0; i < count; ++i) {
    const u16 index = static_cast<u16>((head + i) % size);
    u64 flags = i + 1 < count ? 1 : 0, next = (index + 1) % size;
    if (i >= first_writable) flags |= 2;
    if (random.one_in(150)) flags ^= 1 << random.below(4);
    if (random.one_in(150)) next = random.below(2 * size);
    const u64 address = i == 0 && !random.one_in(10) ? 0x4000 + 16 * random.below(0x300) : some_address(random, driver);
    const u32 length = i == 0 && !random.one_in(30) ? 16 : some_length(random);
    driver.describe(index, address, length, static_cast<u16>(flags), static_cast<u16>(next));
  }
  return count;
}

// What the events say the device might write: the used ring and the writable buffers of chains that it took.
std::set<u64> may_write(Lab& lab, const Driver& driver, u64 first_event) {
  std::set<u64> bytes;
  for (u64 i = 0; i < 4 + 8 * u64{driver.size()}; ++i) bytes.insert(driver.used + i);
  std::vector<trace::VirtioDescriptor> chain;
  trace::Cursor cursor = lab.trace.events(lab.trace.schema().all_kinds(), first_event, ~0ULL);
  while (const trace::RecordedEvent* event = cursor.next()) {
    if (const auto descriptor = event->as<trace::VirtioDescriptor>()) chain.push_back(*descriptor);
    if (!event->is<trace::VirtioPop>()) continue;
    for (const auto& descriptor : chain)
      for (u64 i = 0; (descriptor.flags & 2) && i < descriptor.length; ++i) bytes.insert(descriptor.gpa + i);
    chain.clear();
  }
  return bytes;
}

struct Tally {
  std::map<std::string, u64> events;
  std::set<u64> rules;
  u64 sectors_written = 0;
};

void one_round(u64 seed, Tally& tally) {
  Random random(seed);
  Lab lab(pages);
  Driver driver(lab.memory, 4U << random.below(4));
  REQUIRE(lab.blk.setup(driver.parts()));
  put_headers(random, driver);
  ReferenceDevice reference(lab.all_memory(), driver);
  u64 index = 0;
  for (int step = 0; step < 8; ++step) {
    std::vector<u64> heads;
    for (u64 i = 0; i < driver.size(); i += put_chain(random, driver, static_cast<u16>(i))) heads.push_back(i);
    if (random.one_in(30)) driver.poke(random.below(pages * page_bytes - 8), 8, random.next());
    for (u64 more = random.below(driver.size() + 1); more > 0; --more) {
      const u64 head = random.one_in(80) ? random.below(driver.size() + 2) : heads[random.below(heads.size())];
      driver.poke(driver.avail + 4 + 2 * (index++ % driver.size()), 2, head);
    }
    driver.poke(driver.avail, 2, random.below(2));
    driver.poke(driver.avail + 2, 2, random.one_in(60) ? random.next() : index);
    const auto before = lab.all_memory();
    const u64 first_event = lab.seen;
    reference.memory = before;
    reference.events.clear();
    const bool interrupt = lab.blk.notify();
    REQUIRE(interrupt == reference.notify());
    const auto events = lab.events();
    REQUIRE(events == reference.events);
    const auto after = lab.all_memory();
    REQUIRE(after == reference.memory);
    const auto allowed = may_write(lab, driver, first_event);
    for (u64 i = 0; i < after.size(); ++i)
      if (after[i] != before[i] && !allowed.contains(i)) FAIL("a byte that is nobody's was written: " << i);
    for (const std::string& event : events) ++tally.events[event.substr(0, event.find(' '))];
    if (lab.blk.queue().broken()) tally.rules.insert(static_cast<u64>(lab.blk.queue().broken()->rule));
  }
  tally.sectors_written += lab.blk.image().written().size();
  for (u64 sector = 0; sector < 256; ++sector) {
    const auto content = lab.blk.image().read(sector);
    REQUIRE(std::equal(content.begin(), content.end(), reference.disk.begin() + 512 * sector));
  }
}

}  // namespace

TEST_CASE("hostile rings: what the plain reference device does, and nothing else") {
  Tally tally;
  for (u64 seed = 0; seed < 2000; ++seed) {
    CAPTURE(seed);
    one_round(seed, tally);
  }
  // The rounds were worth something: every event and every rule of a running queue that 32 KiB can break was met.
  CHECK(tally.sectors_written > 150);
  CHECK(tally.events.size() == 8);
  for (const auto& [kind, count] : tally.events) {
    CAPTURE(kind);
    CHECK(count > 1000);
  }
  CHECK(tally.rules == std::set<u64>{2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("memory of pure noise stops the queue or is served, and the device outlives it") {
  Lab lab(pages);
  u64 served = 0, stopped = 0;
  for (u64 seed = 0; seed < 3000; ++seed) {
    Random random(seed);
    Driver driver(lab.memory, 1U << random.below(7));
    std::vector<u8> noise(pages * page_bytes);
    const u64 mask = random.one_in(2) ? 0x00ff00ff : ~0ULL;
    for (std::size_t i = 0; i < noise.size(); i += 8) {
      const u64 value = random.next() & mask & random.next();
      for (unsigned k = 0; k < 8; ++k) noise[i + k] = static_cast<u8>(value >> (8 * k));
    }
    REQUIRE(lab.memory.write(Gpa(0), std::as_bytes(std::span(noise))));
    if (!random.one_in(3)) driver.poke(driver.avail + 2, 2, 1 + random.below(driver.size()));
    REQUIRE(lab.blk.setup(driver.parts()));
    lab.blk.notify();
    lab.blk.queue().broken() ? ++stopped : ++served;
    lab.events();
  }
  CHECK(stopped > 2000);
}
