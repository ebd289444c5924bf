// Rows, schemas and vocabularies describe the same events.
#include <doctest/doctest.h>

#include "trace/builders.h"

using namespace trapline;
using namespace trapline::trace;

TEST_CASE("the description of a struct is where the compiler put its fields") {
  VmExit exit;
  exit.reason = 48;
  exit.guest_physical = 0x1234;
  exit.walk = 7;
  const EventInfo& info = info_of(Kind::vm_exit);
  CHECK(info.name == "vm_exit");
  CHECK(info.bytes == sizeof(VmExit));
  const auto value_of = [&](std::string_view name) -> u64 {
    for (const FieldInfo& field : info.fields) {
      u64 value = 0;
      std::memcpy(&value, reinterpret_cast<const std::byte*>(&exit) + field.offset, field.bytes);
      if (field.name == name) return value;
    }
    return 0;
  };
  CHECK(value_of("reason") == 48);
  CHECK(value_of("guest_physical") == 0x1234);
  CHECK(value_of("walk") == 7);
  CHECK(find_event("vm_exit") == &info);
  CHECK(find_event("vm_exits") == nullptr);
}

TEST_CASE("every row says what it is, and every vocabulary that a field names exists") {
  for (const EventInfo& info : all_events()) {
    CAPTURE(info.name);
    CHECK(!info.doc.empty());
    CHECK(current_schema().find_event(info.name)->same_layout);
    for (const FieldInfo& field : info.fields) {
      CAPTURE(field.name);
      CHECK(!field.doc.empty());
      CHECK((field.display == Display::words) == !field.vocabulary.empty());
      if (field.display != Display::words) continue;
      REQUIRE(find_vocabulary(field.vocabulary) != nullptr);
      CHECK(!find_vocabulary(field.vocabulary)->words.empty());
    }
  }
}

TEST_CASE("words have names, and names of manuals are those of the manuals") {
  CHECK(name_of(Level::instructions) == "instructions");
  CHECK(name_of(FlushCause::invvpid) == "invvpid");
  CHECK(name_of(static_cast<Outcome>(200)).empty());
  // SDM vol. 3, "VMX Basic Exit Reasons": 48 is an EPT violation; "Exceptions and Interrupts": 14 is #PF.
  CHECK(word_of(*find_vocabulary("ExitReason"), 48) == "EPT_VIOLATION");
  CHECK(word_of(*find_vocabulary("Vector"), 14) == "PF");
  CHECK(find_vocabulary("Nonsense") == nullptr);
}

TEST_CASE("all ones is unknown in addresses and counts of 64 bits, nowhere else") {
  CHECK(means_unknown(Display::gva, 8, ~0ULL));
  CHECK(means_unknown(Display::dec, 8, ~0ULL));
  CHECK(!means_unknown(Display::hex, 8, ~0ULL));
  CHECK(!means_unknown(Display::dec, 1, 255));
  CHECK(!means_unknown(Display::gpa, 8, 0));
}

TEST_CASE("a schema survives its way through bytes") {
  const std::string bytes = current_schema().encoded();
  const Result<Schema> read = Schema::decode(test::bytes_of(bytes));
  REQUIRE(read.ok());
  CHECK(read->encoded() == bytes);
  REQUIRE(read->events().size() == kind_count);
  for (const EventInfo& info : all_events()) {
    const EventSchema& event = read->events()[static_cast<std::size_t>(info.kind)];
    CHECK(event.kind == info.kind);
    CHECK(event.same_layout);
    CHECK(event.level == info.level);
    CHECK(event.bytes == info.bytes);
  }
}

TEST_CASE("a damaged schema is refused or still consistent, cut or changed anywhere") {
  const std::string bytes = current_schema().encoded();
  for (std::size_t size = 0; size < bytes.size(); size += 7)
    CHECK(!Schema::decode(test::bytes_of(std::string_view(bytes).substr(0, size))).ok());
  test::Random random{3};
  for (int round = 0; round < 400; ++round) {
    std::string changed = bytes;
    for (u64 i = 0; i <= random.below(3); ++i) changed[random.below(changed.size())] = static_cast<char>(random.next());
    const Result<Schema> read = Schema::decode(test::bytes_of(changed));
    if (!read) continue;
    CHECK(read->events().size() <= max_kinds);
    for (const EventSchema& event : read->events())
      for (const FieldSchema& field : event.fields) CHECK(field.offset + field.bytes <= event.bytes);
  }
}

TEST_CASE("a schema refuses what would confuse its readers") {
  Schema schema;
  EventSchema event;
  event.name = "one";
  FieldSchema field;
  field.name = "size";
  field.bytes = 4;
  event.fields = {field};
  CHECK(schema.add_event(event).ok());
  CHECK(!schema.add_event(event).ok());  // the name is taken
  event.name = "two";
  event.fields = {field, field};
  CHECK(!schema.add_event(event).ok());  // a field twice
  field.bytes = 3;
  event.fields = {field};
  CHECK(!schema.add_event(event).ok());
  event.fields = {};
  event.name = "three\x1b[2J";
  CHECK(!schema.add_event(event).ok());  // would reach a terminal
}
