// Builders for trace tests: pseudo-random records of any kind, temporary files, and traces put together by hand.
#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "trace/block_encoder.h"
#include "trace/canonical.h"
#include "trace/format.h"
#include "trace/memory_trace.h"
#include "trace/reader.h"
#include "trace/varint.h"
#include "trace/writer.h"

namespace trapline::trace::test {

// splitmix64 (Steele, Lea, Flood): the same numbers on every host.
struct Random {
  u64 state = 1;
  u64 next() {
    u64 z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  u64 below(u64 limit) { return next() % limit; }
  // Small, large, all ones, zero: what fields hold.
  u64 value() {
    switch (below(5)) {
      case 0:
        return 0;
      case 1:
        return ~0ULL;
      case 2:
        return next();
      case 3:
        return next() >> below(64);
      default:
        return below(4);
    }
  }
};

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

// Appends a record of a schema's kind with random fields and stamp, as a bus would.
inline void append_random(std::vector<std::byte>& records, Random& random, const EventSchema& event,
                          std::size_t most_blob = 300) {
  const std::size_t start = records.size();
  const std::size_t field_bytes = (event.bytes + 7U) & ~7U;
  const u64 blob_bytes = event.has_blob ? random.below(most_blob) : 0;
  const std::size_t tail = event.has_blob ? sizeof(u64) + ((blob_bytes + 7) & ~7ULL) : 0;
  records.resize(start + sizeof(RecordHeader) + field_bytes + tail);
  const RecordHeader header{event.number,
                            static_cast<u8>(random.below(3)),
                            static_cast<u8>(random.below(3)),
                            static_cast<u32>(records.size() - start),
                            random.value(),
                            random.value(),
                            random.value()};
  std::byte* const out = records.data() + start;
  std::memcpy(out, &header, sizeof header);
  for (const FieldSchema& field : event.fields) {
    const u64 value = random.value();
    std::memcpy(out + sizeof header + field.offset, &value, field.bytes);
  }
  if (!event.has_blob) return;
  std::memcpy(out + sizeof header + field_bytes, &blob_bytes, sizeof blob_bytes);
  for (u64 i = 0; i < blob_bytes; ++i)
    out[sizeof header + field_bytes + sizeof(u64) + i] = static_cast<std::byte>(random.next());
}

inline std::vector<std::byte> random_records(u64 seed, std::size_t count, const Schema& schema = current_schema()) {
  Random random{seed};
  std::vector<std::byte> records;
  for (std::size_t i = 0; i < count; ++i)
    append_random(records, random,
                  schema.events()[i < schema.events().size() ? i : random.below(schema.events().size())]);
  return records;
}

// A folder of its own that disappears with the test.
class Folder {
 public:
  Folder() {
    static int number = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("trapline-trace-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void put_contents(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// Writes records to a trace file; returns the event hash.
inline std::string write_trace(const std::string& path, std::span<const std::byte> records,
                               const WriterOptions& options = {}) {
  auto writer = std::move(*TraceWriter::create(path, options));
  writer->take(records);
  const std::string hash = writer->event_hash();
  const Result<> finished = writer->finish();
  return finished.ok() ? hash : finished.error().sentence;
}

// A trace file with any schema, one block, put together from the format's parts rather than by TraceWriter.
inline std::string file_of(const Schema& schema, std::span<const std::byte> records) {
  const auto text = [](const auto& value) { return std::string(reinterpret_cast<const char*>(&value), sizeof value); };
  std::string file(format::magic, 8);
  file += text(format::version) + text(u32{0});
  format::SectionHeader header;
  header.mark = format::schema_mark;
  file += format::make_section(header, {}, schema.encoded(), 1);
  BlockEncoder encoder(schema);
  encoder.add(records);
  const u64 offset = file.size();
  const BlockEncoder::Block block = encoder.finish(0, 1);
  file += block.bytes;
  const u64 footer = file.size();
  std::string raw = text(u64{block.info.events}) + std::string(32, '\0');
  append_varint(raw, 1);
  append_varint(raw, offset);
  append_varint(raw, block.info.events);
  append_varint(raw, block.summary.size());
  raw += block.summary;
  header.mark = format::footer_mark;
  file += format::make_section(header, {}, raw, 1);
  return file + text(footer) + text(format::trailer_mark);
}

// Everything about an event that a reader can see, for comparing.
inline std::string seen(const RecordedEvent& event) {
  std::string out = std::to_string(event.sequence()) + ' ' + std::string(event.kind_name());
  const Stamp stamp = event.stamp();
  for (const u64 value : {stamp.tick, stamp.retired, stamp.cause, u64{stamp.vcpu}, static_cast<u64>(stamp.provenance)})
    out += ' ' + std::to_string(value);
  for (std::size_t i = 0; i < event.field_count(); ++i) out += ' ' + std::to_string(event.field(i));
  const std::span<const std::byte> blob = event.blob();
  return out + ' ' + std::string(reinterpret_cast<const char*>(blob.data()), blob.size());
}

inline std::vector<std::string> all_seen(const EventSource& source) {
  std::vector<std::string> result;
  Cursor cursor = source.events();
  while (const RecordedEvent* const event = cursor.next()) result.push_back(seen(*event));
  return result;
}

}  // namespace trapline::trace::test
