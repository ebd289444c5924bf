// What stands where in a trace file: taken from its footer, or, where that is missing or damaged, found again by
// walking from block to block.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trace/format.h"
#include "trace/reader.h"

namespace trapline::trace {

struct FileIndex {
  std::vector<SegmentInfo> segments;
  std::vector<u64> offsets;  // of each segment's section
  std::optional<std::array<u8, 32>> event_hash;
  std::vector<Damage> damage;  // found while walking
  u64 left_over = 0;           // bytes at the end that are no complete block
};

// The section at an offset, with its header's checksum right and inside the file; nothing otherwise.
std::optional<format::SectionHeader> section_at(std::span<const std::byte> file, u64 offset, u64 mark);

// The stored part of a section, checksum right and decompressed.
Result<std::string> section_raw(std::span<const std::byte> file, u64 offset, const format::SectionHeader& header);

// From the footer; nothing where the file has no good one.
std::optional<FileIndex> read_index(std::span<const std::byte> file, u64 first_block, const Schema& schema);

// By walking: every block whose checksums hold.
FileIndex walk_blocks(std::span<const std::byte> file, u64 first_block, const Schema& schema);

}  // namespace trapline::trace
