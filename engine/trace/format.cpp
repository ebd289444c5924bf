// Sections: the frame that schema, blocks and footer share, and the summary that indexes a block.
#include "trace/format.h"

#include <zstd.h>

#include "trace/varint.h"

namespace trapline::trace::format {

std::string make_section(SectionHeader header, std::string_view summary, std::string_view raw, int compression) {
  std::string out(section_header_bytes + summary.size() + ZSTD_compressBound(raw.size()), '\0');
  summary.copy(out.data() + section_header_bytes, summary.size());
  char* const stored = out.data() + section_header_bytes + summary.size();
  const std::size_t stored_bytes =
      ZSTD_compress(stored, ZSTD_compressBound(raw.size()), raw.data(), raw.size(), compression);
  assert(!ZSTD_isError(stored_bytes) && "the output is as large as zstd asks for");
  out.resize(section_header_bytes + summary.size() + stored_bytes);
  header.summary_bytes = static_cast<u32>(summary.size());
  header.stored_bytes = static_cast<u32>(stored_bytes);
  header.raw_bytes = static_cast<u32>(raw.size());
  header.checksum = checksum(std::as_bytes(std::span(out)).subspan(section_header_bytes));
  header.header_checksum = header_checksum(header);
  std::memcpy(out.data(), &header, sizeof header);
  return out;
}

Result<std::string> unpacked(const SectionHeader& header, std::span<const std::byte> stored) {
  if (header.raw_bytes > max_raw_bytes) return usage_error("is larger than a block may be");
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != header.raw_bytes)
    return usage_error("does not have the size that it claims");
  std::string raw(header.raw_bytes, '\0');
  const std::size_t size = ZSTD_decompress(raw.data(), raw.size(), stored.data(), stored.size());
  if (ZSTD_isError(size) || size != raw.size()) return usage_error("does not decompress");
  return raw;
}

std::string encode_summary(const SegmentInfo& info) {
  std::string out;
  append_varint(out, info.kinds.size());
  for (const KindCount& row : info.kinds) {
    append_varint(out, row.kind);
    append_varint(out, row.count);
  }
  append_varint(out, info.keyframes.size());
  u32 before = 0;
  for (const u32 index : info.keyframes) {
    append_varint(out, index - before);
    before = index;
  }
  return out;
}

bool decode_summary(std::span<const std::byte> bytes, const Schema& schema, SegmentInfo& info) {
  const u8* in = reinterpret_cast<const u8*>(bytes.data());
  const u8* const end = in + bytes.size();
  bool good = true;
  const auto number = [&](u64 limit) {
    u64 value = 0;
    const u8* const next = good ? get_varint(in, end, value) : nullptr;
    good = next != nullptr && value <= limit;
    if (good) in = next;
    return good ? value : 0;
  };
  const u64 rows = number(schema.events().size());
  u64 events = 0;
  u64 least = 0;  // rows stand in order of their kinds' numbers
  for (u64 i = 0; i < rows && good; ++i) {
    const u64 kind = number(schema.events().size() - 1);
    const u64 count = number(info.events);
    good = good && kind >= least && count != 0;
    least = kind + 1;
    events += count;
    info.kinds.push_back({static_cast<u16>(kind), static_cast<u32>(count)});
  }
  const u64 keyframes = number(info.events);
  u64 index = 0;
  for (u64 i = 0; i < keyframes && good; ++i) {
    index += number(info.events);
    good = good && index < info.events;
    info.keyframes.push_back(static_cast<u32>(index));
  }
  return good && in == end && events == info.events;
}

}  // namespace trapline::trace::format
