// What goes into a file comes out of it: every kind, random values, any block size.
#include <doctest/doctest.h>

#include "trace/builders.h"

using namespace trapline;
using namespace trapline::trace;

namespace {

// The canonical stream once more, by the letter of canonical.h and field by field.
std::string hash_by_the_letter(const EventSource& source) {
  Sha256 sum;
  const auto add = [&](u64 value, std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
    sum.add(text);
  };
  Cursor cursor = source.events();
  while (const RecordedEvent* const event = cursor.next()) {
    if (event->is<Keyframe>()) continue;
    const std::string name(event->kind_name());
    const std::array<u8, 32> id = [&] {
      Sha256 name_sum;
      name_sum.add(name);
      return name_sum.sum();
    }();
    for (int i = 0; i < 4; ++i) add(id[static_cast<std::size_t>(i)], 1);
    for (std::size_t i = 0; i < event->field_count(); ++i)
      if (name != "run_header" || event->schema().fields[i].name != "level")
        add(event->field(i), event->schema().fields[i].bytes);
    if (event->schema().has_blob && name != "run_header") {
      add(event->blob().size(), 8);
      sum.add(event->blob());
    }
    const Stamp stamp = event->stamp();
    add(stamp.tick, 8);
    add(stamp.retired, 8);
    add(stamp.cause, 8);
    add(stamp.vcpu, 1);
    add(static_cast<u64>(stamp.provenance), 1);
  }
  return sum.hex();
}

}  // namespace

TEST_CASE("varints hold every number, and hostile ones end") {
  test::Random random{5};
  for (int i = 0; i < 1000; ++i) {
    const u64 value = random.value();
    CHECK(unzigzag(zigzag(value)) == value);
    u8 bytes[max_varint_bytes];
    u8* const end = put_varint(bytes, value);
    u64 read = 0;
    CHECK(get_varint(bytes, end, read) == end);
    CHECK(read == value);
    CHECK(get_varint(bytes, end - 1, read) == nullptr);
  }
  const u8 endless[12] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1};
  u64 read = 0;
  CHECK(get_varint(endless, endless + 12, read) == nullptr);
}

TEST_CASE("every kind with random values comes back from a file, whatever the block size") {
  const test::Folder folder;
  const std::vector<std::byte> records = test::random_records(11, 3000);
  MemoryTrace memory;
  memory.take(records);
  const std::vector<std::string> expected = test::all_seen(memory);
  REQUIRE(expected.size() == 3000);
  const std::string hash = event_hash(memory);
  CHECK(hash == hash_by_the_letter(memory));
  for (const WriterOptions& options :
       {WriterOptions{}, WriterOptions{.block_events = 1}, WriterOptions{.block_events = 7},
        WriterOptions{.block_events = 2999}, WriterOptions{.block_events = 3000}, WriterOptions{.block_bytes = 5000}}) {
    CAPTURE(options.block_events);
    const std::string path = folder.file("t.trap");
    CHECK(test::write_trace(path, records, options) == hash);
    const auto reader = std::move(*TraceReader::open(path));
    CHECK(reader->recovered().empty());
    CHECK(test::all_seen(*reader) == expected);
    CHECK(reader->event_hash() == hash);
    CHECK(reader->verify().ok());
    CHECK(reader->end() == 3000);
    CHECK(reader->keyframes() == memory.keyframes());
  }
}

TEST_CASE("the event hash does not depend on how records were cut into chunks") {
  const std::vector<std::byte> records = test::random_records(12, 500);
  MemoryTrace whole;
  whole.take(records);
  MemoryTrace pieces;
  for (std::size_t offset = 0; offset < records.size();) {
    RecordHeader header;
    std::memcpy(&header, records.data() + offset, sizeof header);
    pieces.take(std::span(records).subspan(offset, header.bytes));
    offset += header.bytes;
  }
  CHECK(pieces.segments().size() == 500);
  CHECK(event_hash(whole) == event_hash(pieces));
  std::vector<std::byte> changed = records;
  changed[sizeof(RecordHeader)] ^= std::byte{1};  // run_header.technique
  MemoryTrace other;
  other.take(changed);
  CHECK(event_hash(whole) != event_hash(other));
}

TEST_CASE("selections find the same as a look at every event") {
  const test::Folder folder;
  const std::vector<std::byte> records = test::random_records(13, 2000);
  const std::string path = folder.file("t.trap");
  test::write_trace(path, records, {.block_events = 64});
  const auto reader = std::move(*TraceReader::open(path));
  MemoryTrace memory;
  memory.take(records);
  const KindSet kinds = reader->kinds<VmExit, Console, Keyframe>();
  std::vector<u64> expected;
  std::vector<u64> consoles;
  for (u64 sequence = 0; sequence < 2000; ++sequence) {
    const RecordedEvent event = *memory.at(sequence);
    CHECK(test::seen(event) == test::seen(*reader->at(sequence)));
    if (event.is<VmExit>() || event.is<Console>() || event.is<Keyframe>()) expected.push_back(sequence);
    if (event.is<Console>()) consoles.push_back(sequence);
  }
  for (const auto& [first, end] :
       {std::pair<u64, u64>{0, ~0ULL}, {100, 1900}, {64, 128}, {1999, 2000}, {5, 5}, {3000, 9000}}) {
    std::vector<u64> found;
    Cursor cursor = reader->events(kinds, first, end);
    while (const RecordedEvent* const event = cursor.next()) found.push_back(event->sequence());
    std::vector<u64> wanted;
    for (const u64 sequence : expected)
      if (sequence >= first && sequence < end) wanted.push_back(sequence);
    CHECK(found == wanted);
  }
  CHECK(reader->count_of("console") == consoles.size());
  for (std::size_t n = 0; n < consoles.size(); ++n) CHECK(reader->nth("console", n + 1) == consoles[n]);
  CHECK(!reader->nth("console", consoles.size() + 1).has_value());
  CHECK(!reader->nth("console", 0).has_value());
  std::optional<u64> last;
  for (u64 sequence = 0; sequence <= 2000; ++sequence) {
    CHECK(reader->last_before(kinds, sequence) == last);
    if (std::find(expected.begin(), expected.end(), sequence) != expected.end()) last = sequence;
  }
}

TEST_CASE("a lower level's trace is the filtered higher one, and hashes the same") {
  const auto lane = [](Level level, MemoryTrace& trace) {
    Bus bus(level, trace);
    test::Random random{21};
    const std::string options = "{\"path\":\"" + std::string(level == Level::exits ? "a" : "b") + "\"}";
    bus.emit_with_blob(RunHeader{.technique = 3, .level = static_cast<u8>(level)}, test::bytes_of(options));
    for (int i = 0; i < 2000; ++i) {
      bus.stamp().tick += random.below(9);
      bus.stamp().cause = bus.new_cause();
      bus.emit(Instruction{.rip = random.next()});
      bus.emit(MemoryAccess{.gva = random.next(), .value = random.next()});
      if (random.below(3) == 0) bus.emit(TlbMiss{.gva = random.next()});
      if (random.below(9) == 0) bus.emit(VmExit{.reason = static_cast<u32>(random.below(60))});
      if (bus.records(Level::memory) && i % 100 == 0) bus.emit_with_blob(Keyframe{}, {});  // keyframes may differ
    }
    bus.emit(RunEnd{.outcome = 1});
  };
  MemoryTrace highest;
  lane(Level::instructions, highest);
  std::vector<std::string> hashes;
  for (const Level level : {Level::exits, Level::mmu, Level::memory, Level::instructions}) {
    MemoryTrace trace;
    lane(level, trace);
    CHECK(event_hash(trace) == event_hash(highest, level));
    hashes.push_back(event_hash(trace));
  }
  std::sort(hashes.begin(), hashes.end());
  CHECK(std::unique(hashes.begin(), hashes.end()) == hashes.end());
}

TEST_CASE("a keyframe part of 16 MiB goes through a file") {
  const test::Folder folder;
  std::vector<std::byte> blob(16 << 20);
  test::Random random{31};
  for (std::size_t i = 0; i < blob.size(); i += 64) blob[i] = static_cast<std::byte>(random.next());
  auto writer = std::move(*TraceWriter::create(folder.file("t.trap")));
  Bus bus(Level::exits, *writer);
  bus.emit(Console{1});
  bus.emit_with_blob(Keyframe{.set = 1}, blob);
  bus.emit_with_blob(Keyframe{.set = 1}, blob);
  bus.emit(Console{2});
  bus.flush();
  REQUIRE(writer->finish().ok());
  const auto reader = std::move(*TraceReader::open(folder.file("t.trap")));
  REQUIRE(reader->count() == 4);
  for (const u64 sequence : reader->keyframes()) {
    const std::span<const std::byte> read = reader->at(sequence)->blob();
    CHECK(std::equal(read.begin(), read.end(), blob.begin(), blob.end()));
  }
}
