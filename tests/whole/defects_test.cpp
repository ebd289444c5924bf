// A guest that is driven by a seed notices planted machine bugs; the same machine without them is right.
//
// A defective machine may lead its guest anywhere, so that every end but the right digest counts as noticed.
#include <doctest/doctest.h>

#include "devices/disk_image.h"
#include "soft/machine.h"
#include "whole/lane.h"
#include "whole/late_interrupts.h"

namespace trapline::whole {
namespace {

constexpr u64 seeds = 12, may_miss = 1;
constexpr u64 budget = 600'000;  // twice what a right run spends

session::MakeMachine soft_with(const soft::Defects& defects, u64 interrupts_late_by = 0) {
  return [defects, interrupts_late_by](trace::MetalKind, const metal::MachineOptions& options,
                                       trace::Bus& bus) -> Result<std::unique_ptr<metal::Machine>> {
    auto made = soft::make_machine(options, bus, defects);
    if (!made || interrupts_late_by == 0) return made;
    return std::unique_ptr<metal::Machine>(std::make_unique<LateMachine>(std::move(*made), interrupts_late_by));
  };
}

bool is_right(u64 seed, const session::MakeMachine& make_machine, const std::string& disk = {}) {
  session::RunRequest request = lane("shuffle", seed);
  request.budget = budget;
  request.disk_file = disk;
  const Ran ran(request, make_machine);
  return ran.result().outcome == trace::Outcome::finished && ran.result().exit_code == 0 &&
         ran.result().digest == shuffle_digest(seed);
}

void check_noticed(const std::string& defect, const session::MakeMachine& make_machine, const std::string& disk = {}) {
  CAPTURE(defect);
  u64 missed = 0;
  for (u64 seed = 1; seed <= seeds; ++seed) missed += is_right(seed, make_machine, disk);
  MESSAGE(defect << ": noticed by " << seeds - missed << " of " << seeds << " seeds");
  CHECK(missed <= may_miss);
}

// ---- wrong flags ---------------------------------------------------------------------------------------------------
template <isa::Mnemonic meant, isa::Mnemonic executed>
isa::Mnemonic confused(isa::Mnemonic mnemonic) {
  return mnemonic == meant ? executed : mnemonic;
}

soft::Defects executing(isa::Mnemonic (*as)(isa::Mnemonic)) {
  soft::Defects defects;
  defects.executes_as = as;
  return defects;
}

TEST_CASE("the machine that defects are planted into is right without them") {
  for (u64 seed = 1; seed <= 3; ++seed) CHECK(is_right(seed, soft_with({})));
}

TEST_CASE("a wrong flag") {
  using isa::Mnemonic;
  check_noticed("ADC forgets the carry", soft_with(executing(confused<Mnemonic::adc, Mnemonic::add>)));
  check_noticed("SBB forgets the borrow", soft_with(executing(confused<Mnemonic::sbb, Mnemonic::sub>)));
  check_noticed("SETO shows the sign", soft_with(executing(confused<Mnemonic::seto, Mnemonic::sets>)));
}

// ---- paging --------------------------------------------------------------------------------------------------------
TEST_CASE("a stale TLB entry") {
  soft::Defects defects;
  defects.invlpg_does_nothing = true;
  check_noticed("INVLPG does nothing", soft_with(defects));
}

TEST_CASE("a lost dirty bit") {
  soft::Defects defects;
  defects.loses_dirty_flags = true;
  check_noticed("a write leaves the dirty flag", soft_with(defects));
}

// ---- interrupts ----------------------------------------------------------------------------------------------------
TEST_CASE("a late interrupt") {
  check_noticed("interrupts come 200 instructions late", soft_with({}, 200));
  check_noticed("interrupts come 3 instructions late", soft_with({}, 3));
}

// ---- the disk ------------------------------------------------------------------------------------------------------
constexpr u64 sectors = 256;

// By the formula of guest-kernels/MACHINE.md, "The disk", not by the engine's.
std::vector<std::byte> disk_by_the_book() {
  std::vector<std::byte> disk;
  for (u64 sector = 0; sector < sectors; ++sector) {
    u64 state = sector * 0x9e3779b97f4a7c15 + 1;
    for (unsigned word = 0; word < 64; ++word) {
      u64 z = state += 0x9e3779b97f4a7c15;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      z ^= z >> 31;
      for (unsigned byte = 0; byte < 8; ++byte) disk.push_back(static_cast<std::byte>(z >> (8 * byte)));
    }
  }
  return disk;
}

TEST_CASE("a wrong disk sector") {
  const test::Folder folder;
  std::vector<std::byte> disk = disk_by_the_book();
  const std::string right = folder.write("right.img", disk);
  for (u64 seed = 1; seed <= 3; ++seed) CHECK(is_right(seed, soft_with({}), right));
  std::rotate(disk.begin(), disk.begin() + devices::sector_bytes, disk.end());
  check_noticed("each sector is its neighbour's", soft_with({}), folder.write("neighbours.img", disk));
}

TEST_CASE("one wrong bit in any sector that tour reads") {
  const test::Folder folder;
  const auto digest_with = [&](u64 sector, u64 byte) {
    std::vector<std::byte> disk = disk_by_the_book();
    disk[sector * devices::sector_bytes + byte] ^= std::byte{0x10};
    session::RunRequest request = lane("tour");
    request.disk_file = folder.write("disk.img", disk);
    return Ran(request).result().digest;
  };
  for (const u64 sector : {0x00, 0x01, 0x07, 0x2a, 0x80, 0xc8, 0xfe, 0xff}) {
    CAPTURE(sector);
    CHECK(digest_with(sector, sector * 2) != sha256_of(tour_facts()));
  }
  CHECK(digest_with(0x03, 0) == sha256_of(tour_facts()));  // which it does not read
}

}  // namespace
}  // namespace trapline::whole
