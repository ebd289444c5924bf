// Builds small ELF64 images for tests, right ones and wrong ones: every field is in reach.
#pragma once

#include <cstring>
#include <span>
#include <vector>

#include "base/integers.h"

namespace trapline::test {

struct ElfSegmentSpec {
  u64 address = 0x100000;
  std::vector<u8> bytes;
  u64 memory_bytes = 0;  // 0: as many as there are bytes
  u32 type = 1;
};

// A whole image with the headers first and the segments' bytes behind them.
inline std::vector<std::byte> build_elf(const std::vector<ElfSegmentSpec>& segments, u64 entry) {
  const u64 headers = 64 + 56 * segments.size();
  std::vector<std::byte> file(headers);
  const auto put = [&file](std::size_t offset, unsigned bytes, u64 value) {
    for (unsigned i = 0; i < bytes; ++i) file[offset + i] = static_cast<std::byte>(value >> (8 * i));
  };
  static constexpr u8 identification[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
  std::memcpy(file.data(), identification, sizeof identification);
  put(16, 2, 2);
  put(18, 2, 62);
  put(20, 4, 1);
  put(24, 8, entry);
  put(32, 8, 64);
  put(52, 2, 64);
  put(54, 2, 56);
  put(56, 2, segments.size());
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const ElfSegmentSpec& segment = segments[i];
    const std::size_t at = 64 + 56 * i;
    put(at, 4, segment.type);
    put(at + 4, 4, 7);
    put(at + 8, 8, file.size());
    put(at + 16, 8, segment.address);
    put(at + 24, 8, segment.address);
    put(at + 32, 8, segment.bytes.size());
    put(at + 40, 8, segment.memory_bytes ? segment.memory_bytes : segment.bytes.size());
    put(at + 48, 8, 1);
    for (const u8 byte : segment.bytes) file.push_back(static_cast<std::byte>(byte));
  }
  return file;
}

inline void poke(std::vector<std::byte>& file, std::size_t offset, unsigned bytes, u64 value) {
  for (unsigned i = 0; i < bytes; ++i) file[offset + i] = static_cast<std::byte>(value >> (8 * i));
}

}  // namespace trapline::test
