// The ATA disk against the PIO protocols of ATA/ATAPI-6.
#include "devices/disk.h"

#include <doctest/doctest.h>

#include "platform_fixture.h"

namespace trapline::devices {
namespace {

constexpr u8 bsy = 0x80, drdy = 0x40, drq = 8, err = 1;

// The formula of guest-kernels/MACHINE.md, "The disk", written again.
u64 formula_word(u64 sector, unsigned index) {
  u64 state = sector * 0x9e3779b97f4a7c15ULL + 1;
  u64 value = 0;
  for (unsigned i = 0; i <= index; ++i) {
    state += 0x9e3779b97f4a7c15ULL;
    value = state;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ value >> 27) * 0x94d049bb133111ebULL;
    value ^= value >> 31;
  }
  return value;
}

struct DiskBench : test::LabPc {
  u64 now = 0;
  using test::LabPc::LabPc;

  void pass_time(u64 nanoseconds = Disk::access_nanoseconds) { platform.advance(now += nanoseconds); }
  u8 status() { return in8(0x1f7); }
  void command(u8 code, u32 sector = 0, unsigned count = 1, u8 device = 0xe0) {
    out8(0x1f6, device | (sector >> 24 & 15));
    out8(0x1f2, count);
    out8(0x1f3, sector & 255);
    out8(0x1f4, sector >> 8 & 255);
    out8(0x1f5, sector >> 16 & 255);
    out8(0x1f7, code);
  }
  u64 read_quad() {
    u64 value = 0;
    for (unsigned i = 0; i < 4; ++i) value |= platform.read(0x1f0, 2) << (16 * i);
    return value;
  }
};

TEST_CASE("READ SECTORS: BSY, then DRQ and the formula's words, sector after sector") {
  DiskBench pc;
  pc.out8(0x3f6, 2);
  pc.command(0x20, 17, 3);
  CHECK(pc.status() == bsy);
  CHECK(pc.platform.read(0x1f0, 2) == 0xffff);  // no data yet
  for (u64 sector = 17; sector < 20; ++sector) {
    CHECK((pc.in8(0x3f6) & bsy) == bsy);
    pc.pass_time();
    REQUIRE((pc.status() & (bsy | drq | err)) == drq);
    for (unsigned i = 0; i < 64; ++i) CHECK(pc.read_quad() == formula_word(sector, i));
  }
  CHECK((pc.status() & (bsy | drq | err)) == 0);
  CHECK(pc.in8(0x1f2) == 0);
}

TEST_CASE("32-bit reads of the data register take two words") {
  DiskBench pc;
  pc.command(0x20, 0);
  pc.pass_time();
  CHECK(pc.platform.read(0x1f0, 4) == (formula_word(0, 0) & 0xffffffff));
  CHECK(pc.platform.read(0x1f0, 1) == 0xff);  // and byte accesses nothing
  CHECK(pc.platform.read(0x1f0, 2) == (formula_word(0, 0) >> 32 & 0xffff));
}

TEST_CASE("WRITE SECTORS: what is written is read, and the image below is not touched") {
  DiskBench pc;
  pc.out8(0x3f6, 2);
  pc.command(0x30, 200, 2);
  pc.pass_time();
  for (unsigned sector = 0; sector < 2; ++sector) {
    REQUIRE((pc.status() & (bsy | drq | err)) == drq);
    for (unsigned i = 0; i < 256; ++i) pc.platform.write(0x1f0, 2, 0x1000 * (sector + 1) + i);
    CHECK((pc.status() & bsy) == bsy);
    pc.pass_time();
  }
  CHECK((pc.status() & (bsy | drq | err)) == 0);
  pc.command(0x20, 201);
  pc.pass_time();
  CHECK(pc.platform.read(0x1f0, 2) == 0x2000);
  CHECK(pc.platform.disk().written().size() == 2);
  CHECK(DiskImage::built_in().read(201)[0] == static_cast<u8>(formula_word(201, 0)));
}

TEST_CASE(
    "interrupts: one for each sector read; for writes none before the first; nIEN and status reads withdraw them") {
  DiskBench pc;
  pc.start_interrupt_controllers();
  const auto raised = [&pc] { return pc.platform.interrupt_pending(); };
  pc.out8(0x3f6, 0);
  pc.command(0x20, 1, 1);
  CHECK_FALSE(raised());
  CHECK(pc.platform.next_deadline() == pc.now + Disk::access_nanoseconds);
  pc.pass_time();
  CHECK(raised());
  pc.in8(0x3f6);
  CHECK(raised());  // the alternate status leaves it
  pc.out8(0x3f6, 2);
  CHECK_FALSE(raised());
  pc.out8(0x3f6, 0);
  CHECK(raised());
  CHECK(pc.platform.acknowledge().vector == 0x2e);
  pc.status();
  for (unsigned i = 0; i < 256; ++i) pc.platform.read(0x1f0, 2);
  pc.out8(0xa0, 0x20);
  pc.out8(0x20, 0x20);
  CHECK_FALSE(raised());  // PIO data-in ends without a further interrupt

  pc.command(0x30, 1, 1);
  pc.pass_time();
  CHECK((pc.in8(0x3f6) & drq) == drq);
  CHECK_FALSE(raised());
  for (unsigned i = 0; i < 256; ++i) pc.platform.write(0x1f0, 2, i);
  pc.pass_time();
  CHECK(raised());
  pc.status();
  CHECK_FALSE(raised());
}

TEST_CASE("what cannot be done is refused with ERR and the error register, and an interrupt") {
  struct Row {
    const char* name;
    u8 command;
    u32 sector;
    u8 device;
    u8 error;
  };
  const Row rows[] = {
      {"read past the end", 0x20, 256, 0xe0, 0x10}, {"write past the end", 0x30, 0x0fffffff, 0xe0, 0x10},
      {"CHS addressing", 0x20, 1, 0xa0, 0x04},      {"READ DMA", 0xc8, 1, 0xe0, 0x04},
      {"READ SECTORS EXT", 0x24, 1, 0xe0, 0x04},    {"PACKET", 0xa0, 0, 0xe0, 0x04},
      {"SET FEATURES", 0xef, 0, 0xe0, 0x04},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.name));
    DiskBench pc;
    pc.start_interrupt_controllers();
    pc.command(row.command, row.sector, 1, row.device);
    pc.pass_time();
    CHECK(pc.platform.interrupt_pending());
    CHECK((pc.status() & (bsy | drq | err | drdy)) == (err | drdy));
    CHECK(pc.in8(0x1f1) == row.error);
  }
}

TEST_CASE("a transfer that runs over the end gives the sectors before it, and names the first that is not there") {
  DiskBench pc;
  pc.command(0x20, 255, 2);
  pc.pass_time();
  CHECK((pc.status() & (drq | err)) == drq);
  for (unsigned i = 0; i < 64; ++i) CHECK(pc.read_quad() == formula_word(255, i));
  pc.pass_time();
  CHECK((pc.status() & (drq | err)) == err);
  CHECK(pc.in8(0x1f1) == 0x10);
  CHECK((pc.in8(0x1f3) | pc.in8(0x1f4) << 8) == 256);
  CHECK(pc.in8(0x1f2) == 1);
}

TEST_CASE("a sector count of zero is 256 sectors") {
  DiskBench pc;
  pc.out8(0x3f6, 2);
  pc.command(0x20, 0, 0);
  unsigned sectors = 0;
  for (pc.pass_time(); pc.status() & drq; pc.pass_time()) {
    for (unsigned i = 0; i < 256; ++i) pc.platform.read(0x1f0, 2);
    ++sectors;
  }
  CHECK(sectors == 256);
}

TEST_CASE("IDENTIFY DEVICE tells the size and the name") {
  DiskBench pc;
  pc.command(0xec);
  pc.pass_time();
  u16 words[256];
  for (u16& word : words) word = static_cast<u16>(pc.platform.read(0x1f0, 2));
  CHECK((words[0] & 0x8000) == 0);       // an ATA device
  CHECK((words[49] & 0x0200) == 0x200);  // LBA
  CHECK((words[49] & 0x0100) == 0);      // no DMA
  CHECK(words[60] == 256);
  CHECK(words[61] == 0);
  std::string model;
  for (unsigned i = 27; i < 47; ++i) {
    model += static_cast<char>(words[i] >> 8);
    model += static_cast<char>(words[i]);
  }
  CHECK(model.substr(0, 17) == "Trapline lab disk");
  CHECK((pc.status() & drq) == 0);
}

TEST_CASE("device 1 is absent: its status is zero and it takes no command") {
  DiskBench pc;
  pc.start_interrupt_controllers();
  pc.command(0xec, 0, 1, 0xf0);
  pc.pass_time();
  CHECK(pc.status() == 0);
  CHECK_FALSE(pc.platform.interrupt_pending());
  pc.out8(0x1f6, 0xe0);
  CHECK(pc.status() == 0x50);
}

TEST_CASE("software reset ends a transfer, holds BSY while it lasts and leaves the signature") {
  DiskBench pc;
  pc.command(0x20, 9, 4);
  pc.pass_time();
  pc.out8(0x3f6, 4);
  CHECK(pc.status() == bsy);
  pc.pass_time(10'000);
  CHECK(pc.status() == bsy);
  pc.out8(0x3f6, 0);
  CHECK(pc.status() == bsy);
  pc.pass_time();
  CHECK(pc.status() == 0x50);
  CHECK(pc.in8(0x1f1) == 1);
  CHECK(pc.in8(0x1f2) == 1);
  CHECK(pc.in8(0x1f3) == 1);
  CHECK(pc.in8(0x1f4) == 0);
  CHECK(pc.in8(0x1f5) == 0);
}

TEST_CASE("registers do not change while the device is busy or transfers") {
  DiskBench pc;
  pc.command(0x20, 7);
  pc.out8(0x1f3, 99);
  pc.pass_time();
  pc.out8(0x1f3, 99);
  pc.out8(0x1f7, 0xec);
  CHECK(pc.in8(0x1f3) == 7);
  CHECK(pc.read_quad() == formula_word(7, 0));
}

TEST_CASE("an image of the run's own: whole sectors only, and its bytes") {
  CHECK_FALSE(DiskImage::from_bytes({}, "empty.img").ok());
  const auto odd = DiskImage::from_bytes(std::vector<std::byte>(513), "odd.img");
  REQUIRE_FALSE(odd.ok());
  CHECK(odd.error().kind == ErrorKind::usage);
  CHECK(odd.error().sentence.find("odd.img") != std::string::npos);
  std::vector<std::byte> bytes(1024, std::byte{0x5a});
  bytes[512] = std::byte{0x11};
  auto image = DiskImage::from_bytes(bytes, "two.img");
  REQUIRE(image.ok());
  CHECK(image->sectors() == 2);
  CHECK(image->read(1)[0] == 0x11);
  CHECK(image->read(1)[1] == 0x5a);
}

TEST_CASE("a disk that is saved in the middle of a transfer goes on as the first") {
  DiskBench pc;
  pc.command(0x30, 5);
  pc.pass_time();
  for (unsigned i = 0; i < 100; ++i) pc.platform.write(0x1f0, 2, i);
  Disk other(DiskImage::built_in(), [](bool) {});
  REQUIRE(other.restore(pc.platform.devices()[3]->save()));
  for (unsigned i = 100; i < 256; ++i) other.write(0x1f0, 2, i);
  other.advance(pc.now + 1000);
  CHECK(other.image().read(5)[2 * 99] == 99);
  CHECK(other.image().read(5)[2 * 200] == 200);
  Disk third(DiskImage::built_in(), [](bool) {});
  REQUIRE(third.restore(other.save()));
  CHECK(third.image().read(5) == other.image().read(5));
  std::vector<std::byte> cut = other.save();
  cut.resize(cut.size() - 3);
  CHECK_FALSE(third.restore(cut));
}

}  // namespace
}  // namespace trapline::devices
