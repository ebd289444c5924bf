// The trace file, byte by byte. All numbers are little endian; varints and zigzag are those of varint.h.
//
//   file     := "\x89TRAP\r\n\x1a" u32 version u32 0  schema block* footer trailer
//   section  := header summary stored               (schema, block and footer are sections)
//   header   := u64 mark, u32 summary bytes, u32 stored bytes, u32 raw bytes, u32 events, u64 first sequence number,
//               u64 checksum of summary and stored, u64 checksum of the 40 bytes before: 48 bytes
//   checksum := the first eight bytes of SHA-256
//   stored   := raw, compressed as one zstd frame that knows its size
//
//   schema   raw: Schema::encoded()
//   block    summary: varint rows, rows times (varint kind, varint count); varint keyframes, then the distance of each
//            keyframe's index from the one before
//            raw: the column of kinds (one varint per event, in order), then for each kind of the summary, in order of
//            its number, the columns tick, retired, cause, vcpu, provenance, each field in schema order, and for a kind
//            with blobs their lengths; then that kind's blobs end to end
//   column   := u32 bytes, then one varint per event of the kind: the zigzag difference from the value before (0 at a
//            block's start); the column of kinds and that of lengths hold plain varints
//   footer   raw: u64 events, 32 bytes event hash, varint blocks, then for each varint offset, varint events, varint
//            summary bytes, the block's summary; sequence numbers run on without holes
//   trailer  := u64 offset of the footer, "TRAPDONE"
//
// A `.part` lacks footer and trailer; its blocks stand for themselves.
#pragma once

#include <array>
#include <cstring>

#include "base/sha256.h"
#include "trace/event_source.h"

namespace trapline::trace::format {

inline constexpr char magic[9] = "\x89TRAP\r\n\x1a";
inline constexpr u32 version = 1;
inline constexpr std::size_t file_header_bytes = 16;
inline constexpr std::size_t section_header_bytes = 48;
inline constexpr std::size_t trailer_bytes = 16;

constexpr u64 mark_of(const char (&letters)[9]) {
  u64 mark = 0;
  for (unsigned i = 0; i < 8; ++i) mark |= static_cast<u64>(static_cast<unsigned char>(letters[i])) << (8 * i);
  return mark;
}
inline constexpr u64 schema_mark = mark_of("TRAPSCHM");
inline constexpr u64 block_mark = mark_of("TRAPBLCK");
inline constexpr u64 footer_mark = mark_of("TRAPFOOT");
inline constexpr u64 trailer_mark = mark_of("TRAPDONE");

// What a block may hold at most: a reader refuses more, so that a small hostile file cannot claim all memory.
inline constexpr u32 max_block_events = 1 << 20;
inline constexpr u64 max_raw_bytes = 128 << 20;
inline constexpr u64 max_decoded_bytes = 256 << 20;
// The largest blob; an emitter sends more in parts.
inline constexpr u64 max_blob_bytes = 64 << 20;

struct SectionHeader {
  u64 mark = 0;
  u32 summary_bytes = 0;
  u32 stored_bytes = 0;
  u32 raw_bytes = 0;
  u32 events = 0;
  u64 first = 0;
  u64 checksum = 0;
  u64 header_checksum = 0;

  u64 whole_bytes() const { return section_header_bytes + u64{summary_bytes} + stored_bytes; }
};
static_assert(sizeof(SectionHeader) == section_header_bytes);

inline u64 checksum(std::span<const std::byte> bytes) {
  Sha256 sum;
  sum.add(bytes);
  u64 result;
  std::memcpy(&result, sum.sum().data(), sizeof result);
  return result;
}

inline u64 header_checksum(const SectionHeader& header) {
  return checksum(std::as_bytes(std::span(&header, 1)).first(offsetof(SectionHeader, header_checksum)));
}

// A whole section, ready to be written; `raw` is compressed here.
std::string make_section(SectionHeader header, std::string_view summary, std::string_view raw, int compression);

// The stored part of a section whose checksums hold, decompressed; an error is a sentence's end such as "is damaged".
Result<std::string> unpacked(const SectionHeader& header, std::span<const std::byte> stored);

// A block's summary, and back. Decoding checks that counts are within the schema and add up to the events.
std::string encode_summary(const SegmentInfo& info);
bool decode_summary(std::span<const std::byte> bytes, const Schema& schema, SegmentInfo& info);

}  // namespace trapline::trace::format
