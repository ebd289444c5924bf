// Three steps: the column of kinds and the blobs' lengths say where each record will lie; then every column is spread
// over the records of its kind; then the blobs are copied behind them.
#include "trace/block_decoder.h"

#include "trace/format.h"
#include "trace/varint.h"

namespace trapline::trace {
namespace {

using Bytes = std::span<const u8>;

// Takes the next column off the front of `raw`; false where it claims more than there is.
bool take_column(Bytes& raw, Bytes& column) {
  u32 size;
  if (raw.size() < sizeof size) return false;
  std::memcpy(&size, raw.data(), sizeof size);
  raw = raw.subspan(sizeof size);
  if (raw.size() < size) return false;
  column = raw.first(size);
  raw = raw.subspan(size);
  return true;
}

// Plain varints, exactly `count` of them, each at most `limit`.
bool decode_numbers(Bytes column, std::size_t count, u64 limit, std::vector<u64>& numbers) {
  const u8* in = column.data();
  const u8* const end = in + column.size();
  if (column.size() < count) return false;
  numbers.resize(count);
  for (u64& number : numbers) {
    in = get_varint(in, end, number);
    if (in == nullptr || number > limit) return false;
  }
  return in == end;
}

// Differences, summed up and spread over a field of the records; false where one does not fit the field.
template <typename Value>
bool spread(Bytes column, std::span<std::byte* const> records, std::size_t offset) {
  const u8* in = column.data();
  const u8* const end = in + column.size();
  u64 value = 0;
  for (std::byte* const record : records) {
    u64 folded;
    in = get_varint(in, end, folded);
    if (in == nullptr) return false;
    value += unzigzag(folded);
    const Value narrow = static_cast<Value>(value);
    if (narrow != value) return false;
    std::memcpy(record + offset, &narrow, sizeof narrow);
  }
  return in == end;
}

bool spread_field(const FieldSchema& field, Bytes column, std::span<std::byte* const> records) {
  const std::size_t offset = sizeof(RecordHeader) + field.offset;
  switch (field.bytes) {
    case 1:
      return spread<u8>(column, records, offset);
    case 2:
      return spread<u16>(column, records, offset);
    case 4:
      return spread<u32>(column, records, offset);
    default:
      return spread<u64>(column, records, offset);
  }
}

// The columns of one kind, found but not yet decoded.
struct KindPart {
  const EventSchema* event = nullptr;
  u32 count = 0;
  std::vector<Bytes> columns;
  std::vector<u64> blob_lengths;
  Bytes blobs;
  std::vector<std::byte*> records;
};

bool find_part(Bytes& raw, const EventSchema& event, u32 count, KindPart& part) {
  part.event = &event;
  part.count = count;
  part.records.reserve(count);
  part.columns.resize(5 + event.fields.size());
  for (Bytes& column : part.columns)
    if (!take_column(raw, column)) return false;
  if (!event.has_blob) return true;
  Bytes lengths;
  if (!take_column(raw, lengths) || !decode_numbers(lengths, count, format::max_blob_bytes, part.blob_lengths))
    return false;
  u64 sum = 0;
  for (const u64 length : part.blob_lengths) sum += length;
  if (sum > raw.size()) return false;
  part.blobs = raw.first(sum);
  raw = raw.subspan(sum);
  return true;
}

u64 record_bytes(const KindPart& part, std::size_t index) {
  const u64 fixed = sizeof(RecordHeader) + ((part.event->bytes + 7U) & ~7U);
  return part.event->has_blob ? fixed + sizeof(u64) + ((part.blob_lengths[index] + 7) & ~7ULL) : fixed;
}

bool decode_part(const KindPart& part) {
  const std::span<std::byte* const> records = part.records;
  bool good = spread<u64>(part.columns[0], records, offsetof(RecordHeader, tick)) &&
              spread<u64>(part.columns[1], records, offsetof(RecordHeader, retired)) &&
              spread<u64>(part.columns[2], records, offsetof(RecordHeader, cause)) &&
              spread<u8>(part.columns[3], records, offsetof(RecordHeader, vcpu)) &&
              spread<u8>(part.columns[4], records, offsetof(RecordHeader, provenance));
  for (std::size_t i = 0; i < part.event->fields.size() && good; ++i)
    good = spread_field(part.event->fields[i], part.columns[5 + i], records);
  const u8* blob = part.blobs.data();
  for (std::size_t i = 0; i < part.blob_lengths.size() && good; ++i) {
    std::byte* const tail = records[i] + sizeof(RecordHeader) + ((part.event->bytes + 7U) & ~7U);
    const u64 length = part.blob_lengths[i];
    std::memcpy(tail, &length, sizeof length);
    if (length != 0) std::memcpy(tail + sizeof length, blob, length);
    blob += length;
  }
  return good;
}

// Lays the records out one after the other; false where kinds are not those that the summary announced.
bool lay_out(const std::vector<u64>& kinds, std::vector<KindPart>& parts, std::span<const u16> part_of_kind,
             Segment& segment) {
  std::vector<u64> seen(parts.size());
  u64 bytes = 0;
  segment.offsets.reserve(kinds.size());
  for (const u64 kind : kinds) {
    const u16 index = part_of_kind[kind];
    if (index >= parts.size() || seen[index] == parts[index].count) return false;
    segment.offsets.push_back(static_cast<u32>(bytes));
    bytes += record_bytes(parts[index], seen[index]++);
    if (bytes > format::max_decoded_bytes) return false;
  }
  segment.bytes.resize(bytes);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    std::byte* const record = segment.bytes.data() + segment.offsets[i];
    const u64 end = i + 1 < kinds.size() ? segment.offsets[i + 1] : bytes;
    const RecordHeader header{static_cast<u16>(kinds[i]), 0, 0, static_cast<u32>(end - segment.offsets[i]), 0, 0, 0};
    std::memcpy(record, &header, sizeof header);
    parts[part_of_kind[kinds[i]]].records.push_back(record);
  }
  return true;
}

}  // namespace

std::shared_ptr<const Segment> decode_block(std::string_view raw_text, std::shared_ptr<const Schema> schema,
                                            const SegmentInfo& info) {
  Bytes raw(reinterpret_cast<const u8*>(raw_text.data()), raw_text.size());
  Bytes kind_column;
  std::vector<u64> kinds;
  if (!take_column(raw, kind_column) || !decode_numbers(kind_column, info.events, schema->events().size() - 1, kinds))
    return nullptr;
  std::vector<KindPart> parts(info.kinds.size());
  std::vector<u16> part_of_kind(schema->events().size(), static_cast<u16>(~0U));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const KindCount row = info.kinds[i];
    if (!find_part(raw, schema->events()[row.kind], row.count, parts[i])) return nullptr;
    part_of_kind[row.kind] = static_cast<u16>(i);
  }
  auto segment = std::make_shared<Segment>();
  segment->schema = std::move(schema);
  segment->first = info.first;
  if (!raw.empty() || !lay_out(kinds, parts, part_of_kind, *segment)) return nullptr;
  for (const KindPart& part : parts)
    if (!decode_part(part)) return nullptr;
  return segment;
}

}  // namespace trapline::trace
