#include "trace/block_encoder.h"

#include "trace/format.h"
#include "trace/varint.h"

namespace trapline::trace {
namespace {

void append_column(std::string& raw, const u8* bytes, std::size_t used) {
  const u32 size = static_cast<u32>(used);
  raw.append(reinterpret_cast<const char*>(&size), sizeof size);
  raw.append(reinterpret_cast<const char*>(bytes), used);
}

}  // namespace

BlockEncoder::BlockEncoder(const Schema& schema) : schema_(schema), kinds_(schema.events().size()) {
  for (const EventSchema& event : schema.events()) kinds_[event.number].columns.resize(5 + event.fields.size());
}

u8* BlockEncoder::room_in(Column& column, std::size_t bytes) {
  if (column.bytes.size() - column.used < bytes) column.bytes.resize(column.bytes.size() * 2 + bytes);
  return column.bytes.data() + column.used;
}

template <typename Value>
void BlockEncoder::add_column(Column& column, std::span<const std::byte* const> records, std::size_t offset) {
  u8* out = room_in(column, records.size() * max_varint_bytes);
  u64 before = column.before;
  for (const std::byte* const record : records) {
    Value value;
    std::memcpy(&value, record + offset, sizeof value);
    out = put_varint(out, zigzag(value - before));
    before = value;
  }
  column.before = before;
  column.used = static_cast<std::size_t>(out - column.bytes.data());
}

void BlockEncoder::add_kind(const EventSchema& event, KindColumns& kind) {
  const std::span<const std::byte* const> records = kind.records;
  add_column<u64>(kind.columns[0], records, offsetof(RecordHeader, tick));
  add_column<u64>(kind.columns[1], records, offsetof(RecordHeader, retired));
  add_column<u64>(kind.columns[2], records, offsetof(RecordHeader, cause));
  add_column<u8>(kind.columns[3], records, offsetof(RecordHeader, vcpu));
  add_column<u8>(kind.columns[4], records, offsetof(RecordHeader, provenance));
  for (std::size_t i = 0; i < event.fields.size(); ++i) {
    Column& column = kind.columns[5 + i];
    const std::size_t offset = sizeof(RecordHeader) + event.fields[i].offset;
    switch (event.fields[i].bytes) {
      case 1:
        add_column<u8>(column, records, offset);
        break;
      case 2:
        add_column<u16>(column, records, offset);
        break;
      case 4:
        add_column<u32>(column, records, offset);
        break;
      default:
        add_column<u64>(column, records, offset);
    }
  }
  if (event.has_blob) {
    u8* out = room_in(kind.blob_lengths, records.size() * max_varint_bytes);
    for (const std::byte* const record : records) {
      const std::span<const std::byte> blob = blob_of(event, record + sizeof(RecordHeader));
      out = put_varint(out, blob.size());
      kind.blobs.append(reinterpret_cast<const char*>(blob.data()), blob.size());
    }
    kind.blob_lengths.used = static_cast<std::size_t>(out - kind.blob_lengths.bytes.data());
  }
  kind.count += static_cast<u32>(records.size());
  kind.records.clear();
}

void BlockEncoder::add(std::span<const std::byte> records) {
  u8* out =
      room_in(kind_column_, records.size() / sizeof(RecordHeader) * 2);  // a kind's number takes two bytes at most
  const u16 keyframe = static_cast<u16>(Kind::keyframe);
  for (std::size_t offset = 0; offset < records.size();) {
    const std::byte* const record = records.data() + offset;
    RecordHeader header;
    std::memcpy(&header, record, sizeof header);
    kinds_[header.kind].records.push_back(record);
    if (header.kind == keyframe) info_.keyframes.push_back(info_.events);
    ++info_.events;
    out = put_varint(out, header.kind);
    offset += header.bytes;
  }
  kind_column_.used = static_cast<std::size_t>(out - kind_column_.bytes.data());
  record_bytes_ += records.size();
  for (const EventSchema& event : schema_.events())
    if (!kinds_[event.number].records.empty()) add_kind(event, kinds_[event.number]);
}

BlockEncoder::Block BlockEncoder::finish(u64 first_sequence, int compression) {
  std::string raw;
  append_column(raw, kind_column_.bytes.data(), kind_column_.used);
  kind_column_.used = 0;
  for (std::size_t number = 0; number < kinds_.size(); ++number) {
    KindColumns& kind = kinds_[number];
    if (kind.count == 0) continue;
    info_.kinds.push_back({static_cast<u16>(number), kind.count});
    kind.count = 0;
    for (Column& column : kind.columns) {
      append_column(raw, column.bytes.data(), column.used);
      column.used = 0;
      column.before = 0;
    }
    if (!schema_.events()[number].has_blob) continue;
    append_column(raw, kind.blob_lengths.bytes.data(), kind.blob_lengths.used);
    kind.blob_lengths.used = 0;
    raw += kind.blobs;
    kind.blobs = {};
  }
  info_.first = first_sequence;
  Block block;
  block.summary = format::encode_summary(info_);
  format::SectionHeader header;
  header.mark = format::block_mark;
  header.events = info_.events;
  header.first = first_sequence;
  block.bytes = format::make_section(header, block.summary, raw, compression);
  block.info = std::move(info_);
  info_ = {};
  record_bytes_ = 0;
  return block;
}

}  // namespace trapline::trace
