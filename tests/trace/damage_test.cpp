// Files that are cut, flipped or made up: every whole block is read, everything else is reported, nothing crashes.
#include <doctest/doctest.h>

#include "trace/block_decoder.h"
#include "trace/builders.h"

using namespace trapline;
using namespace trapline::trace;

namespace {

// Every byte of a small file is cut at and flipped; under sanitizers, where opening costs tenfold, every third one.
#ifdef TRAPLINE_SANITIZED
constexpr std::size_t step = 3;
#else
constexpr std::size_t step = 1;
#endif

struct Written {
  test::Folder folder;
  std::string path = folder.file("t.trap");
  std::string bytes;
  std::vector<std::string> events;

  Written(std::size_t count, u32 block_events) {
    const std::vector<std::byte> records = test::random_records(41, count);
    test::write_trace(path, records, {.block_events = block_events});
    bytes = test::contents(path);
    MemoryTrace memory;
    memory.take(records);
    events = test::all_seen(memory);
  }
};

// Reads whatever a file holds. Each event must be one that was written, under its own number; false where the file is
// refused. `whole` tells whether the reader claims that nothing is missing.
bool read_back(const std::string& path, const std::vector<std::string>& written, bool& whole, std::size_t& count) {
  const Result<std::unique_ptr<TraceReader>> reader = TraceReader::open(path);
  if (!reader) {
    CHECK(!reader.error().sentence.empty());
    return false;
  }
  count = 0;
  Cursor cursor = (*reader)->events();
  while (const RecordedEvent* const event = cursor.next()) {
    ++count;
    if (event->sequence() >= written.size() || test::seen(*event) != written[event->sequence()]) {
      FAIL_CHECK("an event differs");
      return true;
    }
  }
  whole = (*reader)->recovered().empty() && (*reader)->damage().empty();
  u64 lost = 0;
  for (const Damage& damage : (*reader)->damage()) lost += damage.events;
  if ((*reader)->recovered().empty()) CHECK(count + lost == written.size());
  return true;
}

}  // namespace

TEST_CASE("a file cut at any byte gives every complete block before the cut") {
  const Written written(48, 6);
  std::vector<u64> block_ends;
  for (std::size_t at = written.bytes.find("TRAPBLCK"); at != std::string::npos;
       at = written.bytes.find("TRAPBLCK", at + 1)) {
    format::SectionHeader header;
    std::memcpy(&header, written.bytes.data() + at, sizeof header);
    block_ends.push_back(at + header.whole_bytes());
  }
  REQUIRE(block_ends.size() == 8);
  const u64 schema_end = written.bytes.find("TRAPBLCK");
  const std::string path = written.folder.file("cut.trap");
  // The schema is long and refuses alike wherever it is cut: there, every 97th byte will do.
  test::put_contents(path, written.bytes);
  for (std::size_t size = written.bytes.size() - 1; size > 0;
       size -= std::min<std::size_t>(size, size < schema_end - 100 ? 97 : step)) {
    CAPTURE(size);
    std::filesystem::resize_file(path, size);
    bool whole = false;
    std::size_t count = 0;
    const bool opened = read_back(path, written.events, whole, count);
    CHECK(opened == (size >= schema_end));
    if (!opened) continue;
    CHECK(!whole);
    std::size_t blocks = 0;
    while (blocks < block_ends.size() && block_ends[blocks] <= size) ++blocks;
    CHECK(count == blocks * 6);
  }
}

TEST_CASE("a larger file cut at random gives its complete blocks, and says what is missing") {
  const Written written(6000, 1000);
  test::Random random{43};
  const std::string path = written.folder.file("cut.trap");
  for (int round = 0; round < 40; ++round) {
    test::put_contents(path, std::string_view(written.bytes).substr(0, random.below(written.bytes.size())));
    bool whole = false;
    std::size_t count = 0;
    if (!read_back(path, written.events, whole, count)) continue;
    CHECK(!whole);
    CHECK(count % 1000 == 0);
  }
}

TEST_CASE("a run that ends without finish leaves a .part that can be read, and no trace") {
  const test::Folder folder;
  const std::vector<std::byte> records = test::random_records(44, 250);
  {
    auto writer = std::move(*TraceWriter::create(folder.file("t.trap"), {.block_events = 100}));
    writer->take(records);
    CHECK(writer->path() == folder.file("t.trap.part"));
  }
  CHECK(!TraceReader::open(folder.file("t.trap")).ok());
  const auto reader = std::move(*TraceReader::open(folder.file("t.trap.part")));
  CHECK(reader->count() == 200);
  CHECK(reader->recovered().find("200 events in 2 complete blocks were recovered") != std::string::npos);
  CHECK(!reader->event_hash().has_value());
  CHECK(reader->verify().ok());
}

TEST_CASE("any single flipped byte is reported or changes nothing") {
  const Written written(48, 12);
  const std::string path = written.folder.file("flipped.trap");
  const std::string& bytes = written.bytes;
  test::put_contents(path, bytes);
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  const auto put = [&](std::size_t at, char byte) {
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte).flush();
  };
  test::Random random{45};
  const u64 schema_end = written.bytes.find("TRAPBLCK");
  u64 unreported = 0;
  for (std::size_t at = 0; at<bytes.size(); at += at> 100 && at + 200 < schema_end ? 31 : 1) {
    CAPTURE(at);
    put(at, static_cast<char>(bytes[at] ^ static_cast<char>(1U << random.below(8))));
    bool whole = false;
    std::size_t count = 0;
    const bool opened = read_back(path, written.events, whole, count);
    put(at, bytes[at]);
    if (!opened) continue;
    if (whole) ++unreported;
    if (whole) CHECK(count == written.events.size());
    CHECK(count >= 36);  // one block of 12 at most is lost
  }
  CHECK(unreported == 4);  // the four unused bytes behind the version
}

TEST_CASE("a damaged block is stepped over, named, and does not spoil its neighbours") {
  const Written written(300, 100);
  std::string bytes = written.bytes;
  const std::size_t second = bytes.find("TRAPBLCK", bytes.find("TRAPBLCK") + 1);
  bytes[second + 200] = static_cast<char>(bytes[second + 200] ^ 4);
  test::put_contents(written.path, bytes);
  const auto reader = std::move(*TraceReader::open(written.path));
  CHECK(reader->damage().empty());  // nobody has looked yet
  CHECK(reader->at(99).has_value());
  CHECK(!reader->at(150).has_value());
  CHECK(reader->at(200).has_value());
  REQUIRE(reader->damage().size() == 1);
  CHECK(reader->damage()[0].first == 100);
  CHECK(reader->damage()[0].events == 100);
  CHECK(reader->damage()[0].sentence.find("events 100 to 199") != std::string::npos);
  const Result<> verified = reader->verify();
  REQUIRE(!verified.ok());
  CHECK(verified.error().sentence == reader->damage()[0].sentence);
  // The same without a footer: found while walking.
  test::put_contents(written.path, std::string_view(bytes).substr(0, bytes.size() - 1));
  const auto walked = std::move(*TraceReader::open(written.path));
  CHECK(walked->count() == 200);
  REQUIRE(walked->damage().size() == 1);
  CHECK(walked->damage()[0].first == 100);
}

TEST_CASE("blocks with right checksums and wrong contents are refused") {
  const std::vector<std::byte> records = test::random_records(46, 200);
  BlockEncoder encoder(current_schema());
  encoder.add(records);
  const BlockEncoder::Block block = encoder.finish(0, 1);
  format::SectionHeader header;
  std::memcpy(&header, block.bytes.data(), sizeof header);
  const auto stored = test::bytes_of(block.bytes).subspan(sizeof header + header.summary_bytes);
  const std::string raw = *format::unpacked(header, stored);
  const std::shared_ptr<const Schema> schema(std::shared_ptr<void>(), &current_schema());
  REQUIRE(decode_block(raw, schema, block.info) != nullptr);
  test::Random random{47};
  int decoded = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string changed = raw;
    for (u64 i = 0; i <= random.below(3); ++i) changed[random.below(raw.size())] = static_cast<char>(random.next());
    if (random.below(10) == 0) changed.resize(random.below(raw.size()));
    const std::shared_ptr<const Segment> segment = decode_block(changed, schema, block.info);
    if (!segment) continue;
    ++decoded;
    REQUIRE(segment->offsets.size() == 200);
    for (std::size_t i = 0; i < 200; ++i) test::seen(RecordedEvent(segment, i));  // stays inside its memory
  }
  CHECK(decoded > 0);
  for (int round = 0; round < 2000; ++round) {
    std::string changed = block.summary;
    changed[random.below(changed.size())] = static_cast<char>(random.next());
    SegmentInfo info;
    info.events = 200;
    if (format::decode_summary(test::bytes_of(changed), *schema, info)) decode_block(raw, schema, info);
  }
}

TEST_CASE("hostile sizes are refused before memory is spent on them") {
  std::string raw(format::max_raw_bytes + 1, 'x');
  format::SectionHeader header;
  const std::string section = format::make_section(header, {}, raw, 1);
  std::memcpy(&header, section.data(), sizeof header);
  CHECK(!format::unpacked(header, test::bytes_of(section).subspan(sizeof header)).ok());
  header.raw_bytes = 100;  // claims less than the frame holds
  CHECK(!format::unpacked(header, test::bytes_of(section).subspan(sizeof header)).ok());
}

TEST_CASE("random changes to a file never do harm") {
  const Written written(300, 60);
  const std::string path = written.folder.file("fuzz.trap");
  test::Random random{48};
  for (int round = 0; round < 600; ++round) {
    std::string bytes = written.bytes;
    const u64 blocks = bytes.find("TRAPBLCK");
    for (u64 i = 0; i <= random.below(6); ++i) {
      if (bytes.size() <= blocks) break;
      const std::size_t at = blocks + random.below(bytes.size() - blocks);
      const std::size_t size = std::min<std::size_t>(random.below(40), bytes.size() - at);
      switch (random.below(4)) {
        case 0:
          bytes[at] = static_cast<char>(random.next());
          break;
        case 1:
          bytes.erase(at, size);
          break;
        case 2:
          bytes.insert(at, bytes.substr(blocks + random.below(bytes.size() - blocks), size));
          break;
        default:
          bytes.resize(std::max<std::size_t>(at, blocks + 1));
      }
    }
    test::put_contents(path, bytes);
    bool whole = false;
    std::size_t count = 0;
    read_back(path, written.events, whole, count);
  }
}

TEST_CASE("what is no trace is refused in one sentence that names it") {
  const test::Folder folder;
  const auto sentence = [&](const std::string& path) {
    const Result<std::unique_ptr<TraceReader>> reader = TraceReader::open(path);
    CHECK(!reader.ok());
    return reader.ok() ? std::string() : reader.error().sentence;
  };
  const std::string path = folder.file("x.trap");
  CHECK(sentence(path).find("No such file") != std::string::npos);
  test::put_contents(path, "");
  CHECK(sentence(path) == path + " is empty; give the name of a .trap file");
  test::put_contents(path, "#!/bin/sh\necho a text of some length\n");
  CHECK(sentence(path) == path + " is not a Trapline trace; give the name of a .trap file");
  CHECK(sentence(folder.file("")).find("is not a file") != std::string::npos);
  CHECK(sentence("/dev/null").find("is not a file") != std::string::npos);
  std::string newer(format::magic, 8);
  newer += std::string("\2\0\0\0\0\0\0\0", 8);
  test::put_contents(path, newer);
  CHECK(sentence(path).find("format 2") != std::string::npos);
}

TEST_CASE("endless false starts end the walk") {
  const Written written(10, 100);
  std::string bytes = written.bytes.substr(0, written.bytes.find("TRAPBLCK"));
  for (int i = 0; i < 200'000; ++i) bytes += "TRAPBLCK";
  test::put_contents(written.path, bytes);
  const auto reader = std::move(*TraceReader::open(written.path));
  CHECK(reader->count() == 0);
  CHECK(!reader->recovered().empty());
}
