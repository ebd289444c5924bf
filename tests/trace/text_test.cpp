// Events as text and as JSON; the JSON is judged by a parser of other hands.
#include "trace/text.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "trace/builders.h"

using namespace trapline;
using namespace trapline::trace;

namespace {

template <typename Event>
RecordedEvent recorded(const Event& event, const Stamp& stamp = {}) {
  MemoryTrace trace;
  Bus bus(Level::instructions, trace);
  bus.emit(event, stamp);
  bus.flush();
  return *trace.at(0);
}

RecordedEvent with_blob(const auto& event, std::string_view blob) {
  MemoryTrace trace;
  Bus bus(Level::instructions, trace);
  bus.emit_with_blob(event, test::bytes_of(blob));
  bus.flush();
  return *trace.at(0);
}

std::string json_of(const RecordedEvent& event) {
  std::string out;
  append_json(out, event);
  return out;
}

std::string text_of(const RecordedEvent& event) {
  std::string out;
  append_text(out, event);
  return out;
}

}  // namespace

TEST_CASE("an event as JSON has the stamp and its fields in their forms") {
  const VmExit exit{.reason = 48, .qualification = 0x181, .rip = 0xffff800000001000, .guest_linear = ~0ULL};
  CHECK(
      json_of(recorded(exit, {1234, 56, 7, 1, Provenance::modelled})) ==
      "{\"seq\":0,\"kind\":\"vm_exit\",\"vcpu\":1,\"tick\":1234,\"retired\":56,\"provenance\":\"modelled\",\"cause\":7,"
      "\"reason\":\"EPT_VIOLATION\",\"qualification\":\"0x181\",\"rip\":\"0xffff800000001000\","
      "\"instruction_length\":0,\"interruption_information\":\"0x0\",\"interruption_error_code\":\"0x0\","
      "\"idt_vectoring_information\":\"0x0\",\"guest_linear\":null,\"guest_physical\":\"0x0\",\"walk\":0}");
  const nlohmann::json flush = nlohmann::json::parse(json_of(recorded(TlbFlush{.cause = 1}, {1, unknown_number, 9})));
  CHECK(flush["retired"].is_null());
  CHECK(flush["cause"] == 9);
  CHECK(flush["tlb_flush_cause"] == "mov_cr3");
  CHECK(nlohmann::json::parse(json_of(recorded(VmEntry{.launch = 1})))["launch"] == true);
  CHECK(nlohmann::json::parse(json_of(recorded(VmExit{.reason = 0x7777})))["reason"] == "0x7777");
}

TEST_CASE("a run header's JSON is embedded on one line; anything else is a size and a sum") {
  const nlohmann::json good =
      nlohmann::json::parse(json_of(with_blob(RunHeader{.metal = 1}, "{\"guest\":\n \"tour\"}")));
  CHECK(good["blob"]["guest"] == "tour");
  CHECK(good["metal"] == "kvm");
  CHECK(json_of(with_blob(RunHeader{}, "{\r\n}")).find_first_of("\r\n") == std::string::npos);
  for (const std::string_view bad : {"{\"guest\":", "", "\"\xff\"", "{}{}", "\"line\nbreak\""}) {
    CAPTURE(bad);
    const nlohmann::json read = nlohmann::json::parse(json_of(with_blob(RunHeader{}, bad)));
    CHECK(read["blob"]["bytes"] == bad.size());
  }
  const std::string deep(100'000, '[');
  CHECK(nlohmann::json::parse(json_of(with_blob(RunHeader{}, deep)))["blob"]["bytes"] == deep.size());
  const nlohmann::json keyframe = nlohmann::json::parse(json_of(with_blob(Keyframe{.set = 2}, "abc")));
  // FIPS 180-4's own example.
  CHECK(keyframe["blob"]["sha256"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("every kind with any values is one line of JSON whose members agree with the fields") {
  MemoryTrace trace;
  trace.take(test::random_records(81, 2000));
  Cursor cursor = trace.events();
  while (const RecordedEvent* const event = cursor.next()) {
    const std::string line = json_of(*event);
    REQUIRE(nlohmann::json::accept(line));
    CHECK(line.find('\n') == std::string::npos);
    const nlohmann::json read = nlohmann::json::parse(line);
    CHECK(read["seq"] == event->sequence());
    CHECK(read["kind"] == event->kind_name());
    CHECK(read.size() == 7 + event->field_count() + (event->schema().has_blob ? 1 : 0));
    for (std::size_t i = 0; i < event->field_count(); ++i) {
      const FieldSchema& field = event->schema().fields[i];
      const bool taken = field.name == "cause";
      const nlohmann::json& value = read[taken ? std::string(event->kind_name()) + "_cause" : field.name];
      const u64 number = event->field(i);
      if (value.is_string() && value.get<std::string>().starts_with("0x"))
        CHECK(std::stoull(value.get<std::string>(), nullptr, 16) == number);
      else if (value.is_string())
        CHECK(field.vocabulary->value_of(value.get<std::string>()) == number);
      else if (value.is_boolean())
        CHECK(value.get<bool>() == (number != 0));
      else if (value.is_null())
        CHECK(number == ~0ULL);
      else
        CHECK(value.get<u64>() == number);
    }
  }
}

TEST_CASE("any bytes become a JSON string that a parser takes") {
  test::Random random{82};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (u64 i = random.below(12); i > 0; --i)
      text += static_cast<char>(random.below(3) == 0 ? random.below(128) : random.next());
    std::string out;
    append_json_string(out, text);
    REQUIRE(nlohmann::json::accept(out));
  }
  std::string out;
  append_json_string(out, "a\"\\\n\x01\xc3\xa4\xff\xed\xa0\x80");
  CHECK(out == "\"a\\\"\\\\\\n\\u0001\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST_CASE("an event as text is one line under the heading") {
  CHECK(text_heading() == "     seq         tick    retired  cause  event");
  CHECK(text_of(recorded(PortIo{.port = 0x3f8, .size = 1, .access = 1, .value = 0x41, .rip = 0x1000}, {1234, 56, 7})) ==
        "       0         1234         56      7  port_io port=0x3f8 size=1 access=write value=0x41 rip=0x1000");
  CHECK(text_of(recorded(Console{0x41}, {1, unknown_number, 0, 2, Provenance::derived})) ==
        "       0            1          -      0  console byte=0x41 [vcpu 2] [derived]");
  CHECK(text_of(with_blob(Keyframe{.set = 1, .tag = 2, .address = ~0ULL}, "12345"))
            .ends_with("keyframe set=1 tag=0x2 address=unknown blob=5 bytes"));
  const RecordedEvent entry = recorded(VmEntry{.rip = ~0ULL, .launch = 1});
  CHECK(field_text(entry, *entry.schema().find_field("launch")) == "yes");
  CHECK(field_text(entry, *entry.schema().find_field("rip")) == "unknown");
}

TEST_CASE("a provenance that nobody has heard of is not shown as observed") {
  const RecordedEvent event = recorded(Console{1}, {1, 1, 1, 0, static_cast<Provenance>(77)});
  CHECK(text_of(event).ends_with("[provenance unknown]"));
  CHECK(nlohmann::json::parse(json_of(event))["provenance"].is_null());
}

TEST_CASE("the reference page names every kind, field and word") {
  const std::string page = event_reference();
  for (const EventInfo& info : all_events()) {
    CHECK(page.find("### `" + std::string(info.name) + "`\n" + std::string(info.doc)) != std::string::npos);
    for (const FieldInfo& field : info.fields)
      CHECK(page.find("| `" + std::string(field.name) + "` |") != std::string::npos);
  }
  for (const Vocabulary& vocabulary : vocabularies())
    for (const Word& word : vocabulary.words)
      CHECK(page.find("`" + std::string(word.name) + "` ") != std::string::npos);
}
