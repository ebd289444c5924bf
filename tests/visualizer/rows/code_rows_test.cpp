#include "visualizer/rows/code_rows.h"

#include <cstring>
#include <doctest/doctest.h>

#include "tests/visualizer/rows/made_lane.h"

using namespace trapline;
using namespace trapline::window;

namespace {

const ImageOf no_image = [](const Lane&) { return std::shared_ptr<const GuestImage>(); };

// An ELF64 file with one segment at 0x100000 that holds: nop; cli; hlt; jmp $.
std::vector<std::byte> small_elf() {
  std::vector<std::byte> file(256);
  const auto put = [&](std::size_t at, u64 value, unsigned bytes) { std::memcpy(file.data() + at, &value, bytes); };
  std::memcpy(file.data(),
              "\x7f"
              "ELF\x02\x01",
              6);
  put(32, 64, 8);  // program headers
  put(54, 56, 2);
  put(56, 1, 2);
  put(64, 1, 4);  // load
  put(72, 128, 8);
  put(80, 0x100000, 8);
  put(96, 5, 8);
  put(128, 0xfeebf4fa90, 5);
  return file;
}

const ImageOf small_image = [](const Lane&) { return std::make_shared<const GuestImage>(small_elf()); };

CodeRows at(LaneSet& lanes, u64 sequence, const ImageOf& image = no_image) {
  return code_rows(lanes, {.at = {0, sequence}}, Interrupt(), image);
}

u64 execute(MadeLane& made, u64 rip, u64 bytes, u8 length, u8 cpl = 0) {
  return made.emit(trace::Instruction{rip, bytes, 0, length, cpl});
}

}  // namespace

TEST_CASE("executed instructions in their order, with what broke in between, the current one marked") {
  MadeLane made;
  execute(made, 0x1000, 0x90, 1);
  made.bus.stamp().retired = 1;
  execute(made, 0x1001, 0xa20f, 2);
  trace::VmExit exit;
  exit.reason = 10;
  exit.rip = 0x1001;
  made.emit(exit);
  made.emit(trace::Console{'x'});
  execute(made, 0x1003, 0xfa, 1, 3);
  LaneSet lanes = made.lanes();
  const CodeRows rows = at(lanes, 3);
  CHECK(rows.executed);
  REQUIRE(rows.lines.size() == 4);
  CHECK(rows.lines[0].text == "nop");
  CHECK(rows.lines[0].bytes == "90");
  CHECK(rows.lines[1].text == "cpuid");
  CHECK(rows.lines[1].retired == 1);
  CHECK(rows.lines[2].event == "vm_exit CPUID");
  CHECK(rows.lines[2].current);
  CHECK(rows.lines[3].cpl == 3);
  CHECK_FALSE(rows.lines[3].current);
}

TEST_CASE("a window of forty before and twenty after, however long the trace is") {
  MadeLane made;
  for (int i = 0; i < 500; ++i) execute(made, 0x1000, 0x90, 1);
  LaneSet lanes = made.lanes();
  const CodeRows rows = at(lanes, 250);
  REQUIRE(rows.lines.size() == 60);
  CHECK(rows.lines[39].sequence == 250);
  CHECK(rows.lines[39].current);
  CHECK(at(lanes, ~0ULL).lines.size() == 40);
  CHECK(at(lanes, 0).lines.size() == 21);
}

TEST_CASE("below level instructions events name places, and the image tells the code there") {
  MadeLane made;
  made.emit(trace::CrAccess{0, 0, 0, 0x100001});
  LaneSet lanes = made.lanes();
  const CodeRows without = at(lanes, 0);
  CHECK_FALSE(without.executed);
  REQUIRE(without.lines.size() == 1);
  CHECK(without.lines[0].text.empty());
  CHECK(without.listing.empty());

  const CodeRows rows = at(lanes, 0, small_image);
  CHECK(rows.lines[0].text == "cli");
  CHECK(rows.lines[0].from_image);
  REQUIRE(rows.listing.size() == 3);
  CHECK(rows.listing[0].current);
  CHECK(rows.listing[1].text == "hlt");
  CHECK(rows.listing[2].rip == 0x100003);
}

TEST_CASE("a trap in the code cache is traced to the guest code of its block") {
  MadeLane made;
  trace::BlockTranslated block;
  block.rip = 0x100000;
  block.cache_address = 0x7f0000;
  block.cache_bytes = 32;
  made.emit(block);
  trace::Trap trap;
  trap.rip = 0x7f0010;
  made.emit(trap);
  trap.rip = 0x7f0020;
  trap.trap_kind = static_cast<u8>(trace::TrapKind::exception);
  trap.vector = 13;
  made.emit(trap);
  LaneSet lanes = made.lanes();
  const CodeRows rows = at(lanes, 1, small_image);
  CHECK(rows.cached_block == 0);
  CHECK(rows.cached_rip == 0x100000);
  REQUIRE_FALSE(rows.listing.empty());
  CHECK(rows.listing[0].text == "nop");
  CHECK_FALSE(rows.listing[0].current);
  CHECK_FALSE(at(lanes, 2, small_image).cached_block.has_value());
  CHECK(at(lanes, 2, small_image).lines.back().event == "trap #GP");
}

TEST_CASE("hostile events and files: any length, any bytes") {
  MadeLane made;
  made.emit(trace::Instruction{~0ULL, ~0ULL, ~0ULL, 255, 255});
  made.emit(trace::Instruction{1, 0, 0, 0, 0});
  LaneSet lanes = made.lanes();
  CHECK(at(lanes, 1).lines.size() == 2);
  LaneSet empty = MadeLane().lanes();
  CHECK(at(empty, 0).lines.empty());
  const std::vector<std::byte> good = small_elf();
  for (std::size_t size = 0; size <= good.size(); size += 7)
    GuestImage(std::vector<std::byte>(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
  for (std::size_t i = 6; i < 128; ++i) {
    std::vector<std::byte> bad = good;
    bad[i] = std::byte{0xff};
    const GuestImage image(bad);
    CHECK(image.bytes_at(0x100000, 100).size() <= 100);
    image.place_of(0x100000);
  }
}
