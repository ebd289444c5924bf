// Files of other builds: a field more, a field less, another width, a kind that is gone, a kind that is new.
#include <doctest/doctest.h>
#include <functional>

#include "trace/builders.h"
#include "trace/filter.h"
#include "trace/text.h"

using namespace trapline;
using namespace trapline::trace;

namespace {

// This build's schema, changed.
Schema changed_schema(const std::function<void(EventSchema&)>& change, const std::string& extra_kind = {}) {
  Schema schema;
  for (const VocabularySchema& vocabulary : current_schema().vocabularies()) schema.add_vocabulary(vocabulary);
  if (!extra_kind.empty()) {
    EventSchema event;
    event.name = extra_kind;
    event.doc = "A kind that this build has not got.";
    FieldSchema field;
    field.name = "weight";
    field.bytes = 4;
    event.fields = {field};
    CHECK(schema.add_event(event).ok());
  }
  for (EventSchema event : current_schema().events()) {
    event.kind.reset();
    event.same_layout = false;
    change(event);
    CHECK(schema.add_event(event).ok());
  }
  return schema;
}

struct Opened {
  test::Folder folder;
  std::unique_ptr<TraceReader> reader;
  Opened(const Schema& schema, std::span<const std::byte> records) {
    test::put_contents(folder.file("t.trap"), test::file_of(schema, records));
    reader = std::move(*TraceReader::open(folder.file("t.trap")));
    CHECK(reader->recovered().empty());
  }
};

}  // namespace

TEST_CASE("a field that the file lacks is zero, or unknown for an address; the others keep their values") {
  const Schema schema = changed_schema([](EventSchema& event) {
    if (event.name != "vm_exit") return;
    std::erase_if(event.fields, [](const FieldSchema& field) { return field.name == "rip" || field.name == "walk"; });
  });
  const EventSchema& event = *schema.find_event("vm_exit");
  CHECK(!event.same_layout);
  test::Random random{61};
  std::vector<std::byte> records;
  test::append_random(records, random, event);
  const Opened opened(schema, records);
  const RecordedEvent read = *opened.reader->at(0);
  const std::optional<VmExit> exit = read.as<VmExit>();
  REQUIRE(exit.has_value());
  CHECK(exit->rip == ~0ULL);
  CHECK(exit->walk == 0);
  CHECK(exit->reason == read.field("reason"));
  CHECK(exit->guest_physical == read.field("guest_physical"));
  CHECK(!read.field("walk").has_value());
}

TEST_CASE("a field that this build has not got, and one of another width, do not disturb the rest") {
  const Schema schema = changed_schema([](EventSchema& event) {
    if (event.name != "port_io") return;
    FieldSchema extra;
    extra.name = "weight";
    extra.bytes = 1;
    event.fields.insert(event.fields.begin(), extra);
    for (FieldSchema& field : event.fields)
      if (field.name == "port") field.bytes = 4;
  });
  const EventSchema& event = *schema.find_event("port_io");
  std::vector<std::byte> records(sizeof(RecordHeader) + ((event.bytes + 7U) & ~7U));
  const RecordHeader header{event.number, 0, 0, static_cast<u32>(records.size()), 1, 2, 3};
  std::memcpy(records.data(), &header, sizeof header);
  const auto set = [&](std::string_view name, u64 value) {
    const FieldSchema& field = event.fields[*event.find_field(name)];
    std::memcpy(records.data() + sizeof header + field.offset, &value, field.bytes);
  };
  set("weight", 200);
  set("port", 0x3f8);
  set("value", 0x41);
  const Opened opened(schema, records);
  const RecordedEvent read = *opened.reader->at(0);
  CHECK(read.as<PortIo>()->port == 0x3f8);
  CHECK(read.as<PortIo>()->value == 0x41);
  CHECK(read.field("weight") == 200);
  CHECK(Filter::parse("weight == 200 and port == 0x3f8", opened.reader->schema())->matches(read));
  std::string json;
  append_json(json, read);
  CHECK(json.find("\"weight\":200,\"port\":\"0x3f8\"") != std::string::npos);
}

TEST_CASE("a kind that this build has not got is read by its name; all numbers of kinds may differ") {
  const Schema schema = changed_schema([](EventSchema&) {}, "teleport");
  std::vector<std::byte> records = test::random_records(62, 400, schema);
  const Opened opened(schema, records);
  const TraceReader& reader = *opened.reader;
  CHECK(reader.count() == 400);
  CHECK(reader.count_of("teleport") > 0);
  const RecordedEvent first = *reader.at(*reader.nth("teleport", 1));
  CHECK(!first.kind().has_value());
  CHECK(!first.as<Console>().has_value());
  CHECK(first.field("weight").has_value());
  u64 exits = 0;
  Cursor cursor = reader.events(reader.kinds<VmExit>());
  while (const RecordedEvent* const event = cursor.next()) {
    CHECK(event->as<VmExit>()->reason == event->field("reason"));
    ++exits;
  }
  CHECK(exits == reader.count_of("vm_exit"));
  CHECK(exits > 0);
}

TEST_CASE("the event hash of the same events does not depend on the numbers of their kinds") {
  const Schema schema = changed_schema([](EventSchema&) {}, "teleport");
  const EventSchema& there = *schema.find_event("console");
  const EventSchema& here = *current_schema().find_event("console");
  REQUIRE(there.number != here.number);
  test::Random random{63};
  std::vector<std::byte> records;
  test::append_random(records, random, here);
  MemoryTrace memory;
  memory.take(records);
  std::memcpy(records.data(), &there.number, sizeof there.number);
  const Opened opened(schema, records);
  CHECK(event_hash(*opened.reader) == event_hash(memory));
}
