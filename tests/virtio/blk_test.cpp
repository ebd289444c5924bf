// Good requests of many shapes: what comes back, what is on the disk, and that the events are the transitions.
#include <doctest/doctest.h>

#include "virtio/driver.h"

using namespace trapline;
using namespace trapline::test;
using devices::DiskImage;
using devices::sector_bytes;

namespace {

constexpr u64 header_at = 0x8000, data_at = 0x10000, status_at = 0x9000;
constexpr u32 in = 0, out = 1, flush = 4, get_id = 8;

void put_header(Driver& driver, u64 address, u32 type, u64 sector) {
  driver.poke(address, 4, type);
  driver.poke(address + 4, 4, 0);
  driver.poke(address + 8, 8, sector);
}

// One request of three buffers, done at once.
Used request(Lab& lab, Driver& driver, u32 type, u64 sector, u32 bytes) {
  put_header(driver, header_at, type, sector);
  driver.poke(status_at, 1, 0xee);
  std::vector<Buffer> buffers = {{header_at, 16, false}, {status_at, 1, true}};
  if (bytes > 0) buffers.insert(buffers.begin() + 1, {data_at, bytes, type != out});
  driver.publish(driver.add(buffers));
  CHECK(lab.blk.notify());
  const auto used = driver.collect();
  REQUIRE(used.size() == 1);
  return used[0];
}

std::vector<u8> bytes_at(const Lab& lab, u64 address, u64 count) {
  std::vector<u8> bytes(count);
  REQUIRE(lab.memory.read(Gpa(address), std::as_writable_bytes(std::span(bytes))));
  return bytes;
}

std::vector<u8> sectors_of(const DiskImage& image, u64 first, u64 count) {
  std::vector<u8> bytes;
  for (u64 i = 0; i < count; ++i) {
    const auto sector = image.read(first + i);
    bytes.insert(bytes.end(), sector.begin(), sector.end());
  }
  return bytes;
}

// Cuts `length` bytes from `address` into parts of random lengths, laid out in memory back to front.
std::vector<Buffer> pieces(Random& random, u64 address, u64 length, u64 parts, bool writable) {
  std::vector<Buffer> cut;
  u64 end = address + 2 * length;
  for (u64 left = length; left > 0;) {
    const u64 count = cut.size() + 1 == parts ? left : std::min(left, random.below(left + 1));
    end -= count;
    cut.push_back({end, static_cast<u32>(count), writable});
    left -= count;
  }
  return cut;
}

}  // namespace

TEST_CASE("each type of request is answered as the specification says") {
  Lab lab;
  Driver driver(lab.memory, 8);
  REQUIRE(lab.blk.setup(driver.parts()));
  const DiskImage fresh = DiskImage::built_in();
  CHECK(lab.blk.capacity() == 256);

  Used used = request(lab, driver, in, 7, 1024);
  CHECK(used.length == 1025);
  CHECK(driver.peek(status_at, 1) == 0);
  CHECK(bytes_at(lab, data_at, 1024) == sectors_of(fresh, 7, 2));

  for (u64 i = 0; i < 1024; ++i) driver.poke(data_at + i, 1, i * 13 + 1);
  used = request(lab, driver, out, 254, 1024);
  CHECK(used.length == 1);
  CHECK(driver.peek(status_at, 1) == 0);
  CHECK(sectors_of(lab.blk.image(), 254, 2) == bytes_at(lab, data_at, 1024));
  CHECK(sectors_of(lab.blk.image(), 253, 1) == sectors_of(fresh, 253, 1));

  used = request(lab, driver, flush, 0, 0);
  CHECK(used.length == 1);
  CHECK(driver.peek(status_at, 1) == 0);

  used = request(lab, driver, get_id, 0, 20);
  CHECK(used.length == 21);
  const auto id = bytes_at(lab, data_at, 20);
  CHECK(std::string(id.begin(), id.end()) == std::string("trapline lab disk") + std::string(3, '\0'));
  driver.poke(data_at + 4, 1, 0x77);
  CHECK(request(lab, driver, get_id, 0, 4).length == 5);
  CHECK(driver.peek(data_at + 4, 1) == 0x77);
  CHECK(driver.peek(data_at, 4) == 0x70617274);

  for (const u32 type : {2U, 3U, 9U, 11U, 13U, 0x80000000U, ~0U}) {
    used = request(lab, driver, type, 0, 0);
    CHECK(driver.peek(status_at, 1) == 2);
    CHECK(used.length == 1);
  }
}

TEST_CASE("what is not whole sectors of the disk is an I/O error and moves nothing") {
  Lab lab;
  Driver driver(lab.memory, 8);
  REQUIRE(lab.blk.setup(driver.parts()));
  const struct {
    u64 sector;
    u32 bytes;
  } wrong[] = {{256, 512},   {255, 1024},       {0, 511}, {0, 513},
               {~0ULL, 512}, {~0ULL - 1, 1024}, {257, 0}, {1ULL << 55, 512}};
  for (const auto& row : wrong) {
    for (const u32 type : {in, out}) {
      CAPTURE(row.sector);
      const auto before = bytes_at(lab, data_at, 4096);
      const Used used = request(lab, driver, type, row.sector, row.bytes);
      CHECK(driver.peek(status_at, 1) == 1);
      // Only bytes without a hole before them are promised.
      CHECK(used.length == (type == in && row.bytes > 0 ? 0 : 1));
      CHECK(bytes_at(lab, data_at, 4096) == before);
      CHECK(lab.blk.image().written().empty());
    }
  }
  CHECK(request(lab, driver, in, 256, 0).length == 1);
  CHECK(driver.peek(status_at, 1) == 0);
}

TEST_CASE("how a request is split over descriptors does not matter") {
  Lab lab;
  Driver driver(lab.memory, 64);
  REQUIRE(lab.blk.setup(driver.parts()));
  Random random(11);
  for (int round = 0; round < 400; ++round) {
    const u64 count = 1 + random.below(6), sector = random.below(256 - count), bytes = count * sector_bytes;
    const bool write = random.one_in(2);
    auto readable = pieces(random, header_at, 16, 1 + random.below(5), false);
    u64 at = 0;
    u8 header[16] = {static_cast<u8>(write), 0, 0, 0, 0, 0, 0, 0, static_cast<u8>(sector)};
    for (const Buffer& part : readable)
      for (u32 i = 0; i < part.length; ++i) driver.poke(part.address + i, 1, header[at++]);
    REQUIRE(at == 16);
    // The last byte of the writable run is the status, whichever descriptor it falls into.
    const u64 run = write ? bytes : bytes + 1;
    auto data = pieces(random, data_at, run, 1 + random.below(20), !write);
    std::vector<u8> content;
    for (const Buffer& part : data)
      for (u32 i = 0; i < part.length; ++i) {
        content.push_back(static_cast<u8>(random.next()));
        driver.poke(part.address + i, 1, content.back());
      }
    readable.insert(readable.end(), data.begin(), data.end());
    if (write) readable.push_back({status_at, 1, true});
    driver.publish(driver.add(readable, random.one_in(2)));
    REQUIRE(lab.blk.notify());
    const auto used = driver.collect();
    REQUIRE(used.size() == 1);
    CHECK(used[0].length == (write ? 1 : run));
    if (!write) {
      content.clear();
      for (const Buffer& part : data)
        for (u32 i = 0; i < part.length; ++i) content.push_back(static_cast<u8>(driver.peek(part.address + i, 1)));
      CHECK(content.back() == 0);
      content.pop_back();
    }
    REQUIRE(content == sectors_of(lab.blk.image(), sector, count));
  }
}

TEST_CASE("one request leaves exactly its transitions on the trace") {
  Lab lab;
  Driver driver(lab.memory, 4);
  REQUIRE(lab.blk.setup(driver.parts()));
  put_header(driver, header_at, in, 3);
  driver.publish(driver.add({{header_at, 16, false}, {data_at, 512, true}, {status_at, 1, true}}, true));
  CHECK(lab.events().empty());
  REQUIRE(lab.blk.notify());
  CHECK(lab.events() == std::vector<std::string>{
                            line("virtio_notify", 0, 1),
                            line("virtio_avail_publish", 0, 0, 3),
                            line("virtio_notify_suppressed", 0, 1),
                            line("virtio_descriptor", 0, 3, 3, header_at, 16, 1, 2),
                            line("virtio_descriptor", 0, 3, 2, data_at, 512, 3, 1),
                            line("virtio_descriptor", 0, 3, 1, status_at, 1, 2, 0),
                            line("virtio_pop", 0, 0, 3, 3, 16, 513),
                            line("virtio_used_publish", 0, 0, 3, 513),
                            line("virtio_notify_suppressed", 0, 0),
                        });
  // Nothing new: the notification is all that happened.
  CHECK_FALSE(lab.blk.notify());
  CHECK(lab.events() == std::vector<std::string>{line("virtio_notify", 0, 1)});
  driver.collect();
  driver.poke(driver.avail, 2, 1);  // NO_INTERRUPT
  driver.publish(driver.add({{header_at, 16, false}, {data_at, 512, true}, {status_at, 1, true}}));
  CHECK_FALSE(lab.blk.notify());
  CHECK(lab.events().back() == line("virtio_interrupt_suppressed", 0));
  CHECK(driver.collect().size() == 1);
}

TEST_CASE("a header counts as it was when it was read") {
  Lab lab;
  Driver driver(lab.memory, 8);
  REQUIRE(lab.blk.setup(driver.parts()));
  put_header(driver, header_at, in, 5);
  driver.publish(driver.add({{header_at, 16, false}, {data_at, 1024, true}, {status_at, 1, true}}));
  // The driver's other processor: at the device's first write to the data it makes an OUT at sector 0 of the request,
  // and points every descriptor elsewhere.
  lab.host.add_mark(lab.memory.host_address(Gpa(data_at))->page_number(), memory::mark::code);
  int writes = 0;
  lab.host.on_code_write([&](u64, u64, u64) {
    if (writes++ > 0) return;
    put_header(driver, header_at, out, 0);
    for (u16 i = 0; i < 8; ++i) driver.describe(i, 0xb000, 64, 2, 0);
  });
  CHECK(lab.blk.notify());
  CHECK(writes == 2);
  CHECK(bytes_at(lab, data_at, 1024) == sectors_of(DiskImage::built_in(), 5, 2));
  CHECK(driver.peek(status_at, 1) == 0);
  CHECK(lab.blk.image().written().empty());
  CHECK(bytes_at(lab, 0xb000, 4096) == std::vector<u8>(4096));
  CHECK(driver.collect().at(0).length == 1025);
}

TEST_CASE("a keyframe holds the queue and what was written") {
  Lab lab;
  Driver driver(lab.memory, 4);
  REQUIRE(lab.blk.setup(driver.parts()));
  request(lab, driver, out, 9, 512);
  const auto saved = lab.blk.save();
  virtio::Blk twin(DiskImage::built_in(), lab.memory, lab.bus);
  REQUIRE(twin.restore(saved));
  CHECK(twin.save() == saved);
  CHECK(twin.image().read(9) == lab.blk.image().read(9));
  put_header(driver, header_at, in, 9);
  driver.publish(driver.add({{header_at, 16, false}, {data_at, 512, true}, {status_at, 1, true}}));
  CHECK(twin.notify());
  CHECK(driver.collect().size() == 1);
  // A broken queue comes back broken; what is cut or senseless is refused and leaves a device that does nothing.
  driver.poke(driver.avail + 2, 2, 100);
  CHECK_FALSE(twin.notify());
  virtio::Blk third(DiskImage::built_in(), lab.memory, lab.bus);
  REQUIRE(third.restore(twin.save()));
  CHECK(third.queue().broken()->rule == spec::VirtioRule::avail_index_jumped);
  const std::size_t written_sector = 4 + sector_bytes;
  CHECK(third.restore(std::span(saved).first(saved.size() - written_sector)));
  for (std::size_t count = 0; count < saved.size(); ++count) {
    if (count == saved.size() - written_sector) continue;
    CHECK_FALSE(third.restore(std::span(saved).first(count)));
    CHECK_FALSE(third.queue().working());
  }
  Random random(5);
  for (int round = 0; round < 2000; ++round) {
    auto spoilt = saved;
    spoilt[random.below(60)] = static_cast<std::byte>(random.next());
    if (third.restore(spoilt)) CHECK(third.save().size() >= 40);
    third.notify();
  }
}
