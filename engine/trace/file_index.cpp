#include "trace/file_index.h"

#include <algorithm>

#include "trace/varint.h"

namespace trapline::trace {
namespace {

using format::SectionHeader;

// False starts that the walk bears before it gives up: a hostile file could hold one at every eighth byte.
constexpr unsigned most_false_starts = 10'000;

std::span<const std::byte> covered(std::span<const std::byte> file, u64 offset, const SectionHeader& header) {
  return file.subspan(offset + format::section_header_bytes, u64{header.summary_bytes} + header.stored_bytes);
}

std::optional<SectionHeader> good_header(std::span<const std::byte> file, u64 offset, u64 mark) {
  SectionHeader header;
  if (offset > file.size() || file.size() - offset < sizeof header) return std::nullopt;
  std::memcpy(&header, file.data() + offset, sizeof header);
  if (header.mark != mark || header.header_checksum != format::header_checksum(header)) return std::nullopt;
  return header;
}

// Limits that every honest block keeps.
bool is_plausible(const SectionHeader& header) {
  return header.events != 0 && header.events <= format::max_block_events && header.first < (1ULL << 60);
}

u64 next_mark(std::span<const std::byte> file, u64 from) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  const u64 mark = format::block_mark;
  const std::size_t found = text.find({reinterpret_cast<const char*>(&mark), sizeof mark}, from);
  return found == std::string_view::npos ? file.size() : found;
}

// Adds the block at an offset whose header is good and whose bytes are all there.
void add_walked(std::span<const std::byte> file, u64 offset, const SectionHeader& header, const Schema& schema,
                FileIndex& index) {
  const u64 reached = index.segments.empty() ? 0 : index.segments.back().first + index.segments.back().events;
  SegmentInfo info;
  info.first = header.first;
  info.events = header.events;
  const std::span<const std::byte> bytes = covered(file, offset, header);
  const bool good = header.checksum == format::checksum(bytes) && header.first >= reached &&
                    format::decode_summary(bytes.first(header.summary_bytes), schema, info);
  if (!good) {
    index.damage.push_back({header.first, header.events,
                            "the block at byte " + std::to_string(offset) + " is damaged; its events " +
                                std::to_string(header.first) + " to " +
                                std::to_string(header.first + header.events - 1) + " are left out"});
    return;
  }
  index.segments.push_back(std::move(info));
  index.offsets.push_back(offset);
}

bool decode_footer(std::string_view raw, u64 first_block, u64 footer_offset, const Schema& schema, FileIndex& index) {
  u64 events;
  std::array<u8, 32> hash;
  if (raw.size() < sizeof events + sizeof hash) return false;
  std::memcpy(&events, raw.data(), sizeof events);
  std::memcpy(hash.data(), raw.data() + sizeof events, sizeof hash);
  index.event_hash = hash;
  const u8* const start = reinterpret_cast<const u8*>(raw.data());
  const u8* const end = start + raw.size();
  u64 blocks = 0;
  const u8* in = get_varint(start + sizeof events + sizeof hash, end, blocks);
  u64 offset = 0;
  u64 sequence = 0;
  for (u64 i = 0; i < blocks && in != nullptr; ++i) {
    u64 distance = 0;
    u64 count = 0;
    u64 summary = 0;
    if ((in = get_varint(in, end, distance)) == nullptr || (in = get_varint(in, end, count)) == nullptr ||
        (in = get_varint(in, end, summary)) == nullptr || summary > static_cast<u64>(end - in))
      return false;
    if (distance > footer_offset - offset || count == 0 || count > format::max_block_events) return false;
    offset += distance;
    if (offset < first_block) return false;
    SegmentInfo info;
    info.first = sequence;
    info.events = static_cast<u32>(count);
    if (!format::decode_summary(std::as_bytes(std::span(in, summary)), schema, info)) return false;
    in += summary;
    sequence += count;
    index.segments.push_back(std::move(info));
    index.offsets.push_back(offset);
  }
  return in == end && sequence == events;
}

}  // namespace

std::optional<SectionHeader> section_at(std::span<const std::byte> file, u64 offset, u64 mark) {
  const std::optional<SectionHeader> header = good_header(file, offset, mark);
  return header && header->whole_bytes() <= file.size() - offset ? header : std::nullopt;
}

Result<std::string> section_raw(std::span<const std::byte> file, u64 offset, const SectionHeader& header) {
  const std::span<const std::byte> bytes = covered(file, offset, header);
  if (header.checksum != format::checksum(bytes)) return usage_error("has a wrong checksum");
  return format::unpacked(header, bytes.subspan(header.summary_bytes));
}

std::optional<FileIndex> read_index(std::span<const std::byte> file, u64 first_block, const Schema& schema) {
  u64 trailer[2];
  if (file.size() < sizeof trailer) return std::nullopt;
  std::memcpy(trailer, file.data() + file.size() - sizeof trailer, sizeof trailer);
  if (trailer[1] != format::trailer_mark) return std::nullopt;
  const std::optional<SectionHeader> header = section_at(file, trailer[0], format::footer_mark);
  if (!header) return std::nullopt;
  const Result<std::string> raw = section_raw(file, trailer[0], *header);
  FileIndex index;
  if (!raw || !decode_footer(*raw, first_block, trailer[0], schema, index)) return std::nullopt;
  return index;
}

FileIndex walk_blocks(std::span<const std::byte> file, u64 first_block, const Schema& schema) {
  FileIndex index;
  unsigned false_starts = 0;
  u64 offset = first_block;
  u64 good_end = first_block;
  while (offset < file.size() && false_starts < most_false_starts) {
    const std::optional<SectionHeader> header = good_header(file, offset, format::block_mark);
    if (header && is_plausible(*header)) {
      if (header->whole_bytes() > file.size() - offset) break;
      add_walked(file, offset, *header, schema, index);
      offset += header->whole_bytes();
      good_end = offset;
      continue;
    }
    if (good_header(file, offset, format::footer_mark)) break;
    ++false_starts;
    offset = next_mark(file, offset + 1);
  }
  index.left_over = file.size() - good_end;
  u64 expected = 0;
  std::vector<Damage> holes;
  for (const SegmentInfo& info : index.segments) {
    if (info.first > expected)
      holes.push_back({expected, info.first - expected,
                       "events " + std::to_string(expected) + " to " + std::to_string(info.first - 1) +
                           " are missing or in a damaged block"});
    expected = info.first + info.events;
  }
  // A damaged block between good ones is a hole already; one at the end is only known by itself.
  for (Damage& damage : index.damage)
    if (damage.first >= expected) holes.push_back(std::move(damage));
  index.damage = std::move(holes);
  return index;
}

}  // namespace trapline::trace
