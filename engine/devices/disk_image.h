// What the lab PC's disk holds: sectors by the formula of guest-kernels/MACHINE.md ("The disk"), or the bytes of a file
// that the run brings. Writes stay in memory: neither is ever changed.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/integers.h"
#include "base/result.h"

namespace trapline::devices {

inline constexpr u64 sector_bytes = 512;
using Sector = std::array<u8, sector_bytes>;

class DiskImage {
 public:
  // 256 sectors by the formula.
  static DiskImage built_in();
  // Whole sectors, at least one, at most 2^28 - 1 (LBA28). `name` is what a sentence calls the bytes.
  static Result<DiskImage> from_bytes(std::vector<std::byte> bytes, const std::string& name);

  u64 sectors() const { return sectors_; }
  Sector read(u64 sector) const;
  void write(u64 sector, const Sector& content);

  // Written sectors by number, for keyframes.
  const std::map<u32, Sector>& written() const { return written_; }
  void set_written(std::map<u32, Sector> written) { written_ = std::move(written); }

 private:
  DiskImage() = default;
  u64 sectors_ = 0;
  bool formula_ = true;
  std::vector<std::byte> bytes_;
  std::map<u32, Sector> written_;
};

}  // namespace trapline::devices
