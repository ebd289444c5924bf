#include "devices/disk_image.h"

#include <cstring>

#include "base/split_mix.h"

namespace trapline::devices {
namespace {

constexpr u64 formula_sectors = 256;

Sector formula_sector(u64 number) {
  Sector sector;
  u64 state = number * split_mix_step + 1;
  for (u64 word = 0; word < sector_bytes / 8; ++word) {
    const u64 value = next_split_mix(state);
    for (unsigned i = 0; i < 8; ++i) sector[word * 8 + i] = static_cast<u8>(value >> (8 * i));
  }
  return sector;
}

}  // namespace

DiskImage DiskImage::built_in() {
  DiskImage image;
  image.sectors_ = formula_sectors;
  return image;
}

Result<DiskImage> DiskImage::from_bytes(std::vector<std::byte> bytes, const std::string& name) {
  if (bytes.empty() || bytes.size() % sector_bytes != 0)
    return usage_error("The disk image " + name + " has " + std::to_string(bytes.size()) +
                       " bytes, which is not a whole number of 512-byte sectors: pad it to one.");
  if (bytes.size() / sector_bytes >= 1ULL << 28)
    return usage_error("The disk image " + name + " has more than 2^28 - 1 sectors, the most that LBA28 can report.");
  DiskImage image;
  image.formula_ = false;
  image.sectors_ = bytes.size() / sector_bytes;
  image.bytes_ = std::move(bytes);
  return image;
}

Sector DiskImage::read(u64 sector) const {
  assert(sector < sectors_);
  const auto found = written_.find(static_cast<u32>(sector));
  if (found != written_.end()) return found->second;
  if (formula_) return formula_sector(sector);
  Sector content;
  std::memcpy(content.data(), bytes_.data() + sector * sector_bytes, sector_bytes);
  return content;
}

void DiskImage::write(u64 sector, const Sector& content) {
  assert(sector < sectors_);
  written_[static_cast<u32>(sector)] = content;
}

}  // namespace trapline::devices
