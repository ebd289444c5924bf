// A trace, a query, and the events that it must find.
#include "trace/filter.h"

#include <doctest/doctest.h>

#include "trace/builders.h"

using namespace trapline;
using namespace trapline::trace;

namespace {

// seq: 0 vm_entry, 1 vm_exit EPT_VIOLATION at gpa 0x1800, 2 walk_begin (derived), 3 walk_end, 4 tlb_fill, 5 tlb_flush,
// 6 vm_exit CPUID, 7 exception #PF on kvm (retired unknown), 8 user_exit port_io, 9 mmio at gpa 0x2000, 10 walk_begin
// of an unknown linear address
MemoryTrace& lane() {
  static MemoryTrace trace;
  if (trace.count() != 0) return trace;
  Bus bus(Level::instructions, trace);
  Stamp stamp{100, 10, 1, 0, Provenance::observed};
  const auto emit = [&](const auto& event) {
    bus.emit(event, stamp);
    stamp.tick += 100;
    stamp.retired += 10;
  };
  emit(VmEntry{.rip = 0x1000, .vpid = 1, .launch = 1});
  emit(VmExit{.reason = 48, .qualification = 0x181, .rip = 0x1000, .guest_linear = 0x1800, .guest_physical = 0x1800});
  stamp.provenance = Provenance::derived;
  emit(WalkBegin{.gva = 0x1800, .gpa = ~0ULL, .access = 1, .user = 1});
  stamp.provenance = Provenance::observed;
  emit(WalkEnd{.outcome = 2, .references = 24, .gva = 0x1800, .gpa = 0x1800, .hpa = ~0ULL});
  emit(TlbFill{.gva = 0x1000, .gpa = 0x1000, .hpa = 0x5000, .page_level = 1, .writable = 1, .vpid = 1});
  emit(TlbFlush{.scope = 4, .cause = 5, .entries = 3});
  stamp.cause = 2;
  emit(VmExit{.reason = 10, .rip = 0x1010});
  stamp.retired = unknown_number;
  emit(Exception{.vector = 14, .has_error_code = 1, .error_code = 2, .cr2 = 0xdead000});
  stamp.retired = 90;
  stamp.vcpu = 1;
  emit(UserExit{.reason = 0, .number = 0x3f8});
  emit(Mmio{.gpa = 0x2000, .size = 4, .access = 1, .value = ~0ULL});
  emit(WalkBegin{.gva = ~0ULL, .gpa = 0x3000});
  bus.flush();
  return trace;
}

std::vector<u64> found(std::string_view query, const EventSource& source = lane()) {
  const Result<Filter> filter = Filter::parse(query, source.schema());
  REQUIRE_MESSAGE(filter.ok(), (filter.ok() ? "" : filter.error().sentence));
  std::vector<u64> skipping;
  Cursor cursor = source.events(filter->kinds());
  while (const RecordedEvent* const event = cursor.next())
    if (filter->matches(*event)) skipping.push_back(event->sequence());
  std::vector<u64> all;
  Cursor every = source.events();
  while (const RecordedEvent* const event = every.next())
    if (filter->matches(*event)) all.push_back(event->sequence());
  CHECK(skipping == all);  // kinds() may leave out nothing that matches
  return all;
}

std::string trouble(std::string_view query) {
  const Result<Filter> filter = Filter::parse(query, current_schema());
  CHECK(!filter.ok());
  return filter.ok() ? std::string() : filter.error().sentence;
}

struct Row {
  std::string_view query;
  std::vector<u64> expected;
};

const Row rows[] = {
    {"vm_exit", {1, 6}},
    {"vm_exit.reason == EPT_VIOLATION", {1}},
    {"vm_exit.reason == ept_violation", {1}},
    {"vm_exit.reason == 48", {1}},
    {"vm_exit.reason == 0x30", {1}},
    {"vm_exit.reason != EPT_VIOLATION", {6}},
    {"reason == CPUID", {6}},
    {"reason == port_io", {8}},
    {"exception.vector == PF", {7}},
    {"guest_physical in 0x1000..0x1fff", {1}},
    {"gpa in 0x1000..0x1fff", {3, 4}},
    {"gpa in 0x1800..0x2000", {3, 9}},
    {"gpa in 0x2000..0x2000", {9}},
    {"gpa == unknown", {2}},
    {"gva == unknown", {10}},
    {"walk_begin.gva != unknown", {2}},
    {"gpa != 0x1800", {4, 9, 10}},
    {"gpa >= 0", {3, 4, 9, 10}},
    {"not gpa >= 0", {0, 1, 2, 5, 6, 7, 8}},
    {"hpa", {4}},
    {"user", {2}},
    {"user == true", {2}},
    {"user == false and tlb_fill", {4}},
    {"launch", {0}},
    {"value == 0xffffffffffffffff", {9}},
    {"value == unknown", {}},
    {"seq < 2", {0, 1}},
    {"seq in 4..5", {4, 5}},
    {"tick >= 1000", {9, 10}},
    {"retired > 80", {8, 9, 10}},
    {"retired == unknown", {7}},
    {"retired != unknown and seq in 6..8", {6, 8}},
    {"not retired > 0", {7}},
    {"cause == 2", {6, 7, 8, 9, 10}},
    {"tlb_flush.cause == invvpid", {5}},
    {"tlb_flush.cause == 5 and cause == 1", {5}},
    {"vcpu == 1", {8, 9, 10}},
    {"vcpu", {8, 9, 10}},
    {"provenance == derived", {2}},
    {"provenance != observed", {2}},
    {"kind == vm_exit", {1, 6}},
    {"kind != vm_exit and seq < 3", {0, 2}},
    {"vm_exit.tick > 200", {6}},
    {"(kind == tlb_fill or tlb_flush) and not vpid == 0", {4}},
    {"vm_exit or vm_entry and launch", {0, 1, 6}},
    {"(vm_exit or vm_entry) and launch", {0}},
    {"not vm_exit and not walk_begin and seq <= 4", {0, 3, 4}},
    {"not (vm_exit or seq > 2)", {0, 2}},
    {"not not vm_exit", {1, 6}},
    {"  vm_exit\n AND\treason==CPUID ", {6}},
    {"exception.error_code<3 and exception.error_code>1", {7}},
    {"vm_exit and exception", {}},
    {"tlb_miss", {}},
};

}  // namespace

TEST_CASE("queries find what they name") {
  for (const auto& [query, expected] : rows) {
    CAPTURE(query);
    CHECK(found(query) == expected);
  }
}

TEST_CASE("kinds that cannot match are known without looking") {
  const auto kinds = [](std::string_view query) {
    std::string names;
    const Result<Filter> filter = Filter::parse(query, current_schema());
    REQUIRE(filter.ok());
    for (const EventSchema& event : current_schema().events())
      if (filter->kinds()[event.number]) names += event.name + " ";
    return names;
  };
  CHECK(kinds("vm_exit.reason == CPUID and seq > 5") == "vm_exit ");
  CHECK(kinds("vm_exit or vm_entry") == "vm_entry vm_exit ");
  CHECK(kinds("reason == CPUID") == "vm_exit ");
  CHECK(kinds("vm_exit and vm_entry") == "");
  CHECK(kinds("not (not vm_exit or seq > 2)") == "vm_exit ");
  CHECK(kinds("kind != console").find("console ") == std::string::npos);
}

TEST_CASE("a mistake is one sentence with its place and the nearest names") {
  const std::vector<std::pair<std::string_view, std::string_view>> table = {
      {"vm_exti.reason == CPUID", "at position 1 of the filter: there is no kind 'vm_exti'; did you mean vm_exit?"},
      {"vm_exit.raeson == CPUID", "at position 9 of the filter: vm_exit has no field 'raeson'; did you mean reason?"},
      {"vm_exit.reason == EPT_VIOLATON",
       "at position 19 of the filter: the field has no value 'EPT_VIOLATON'; did you mean EPT_VIOLATION?"},
      {"kind == vm_exits", "at position 9 of the filter: there is no kind 'vm_exits'; did you mean vm_exit?"},
      {"vm_exit == 3",
       "at position 1 of the filter: vm_exit is a kind; compare one of its fields, as in vm_exit.reason"},
      {"gpa = 3", "at position 5 of the filter: '=' compares nothing; write '=='"},
      {"gpa == 0x", "at position 8 of the filter: '0x' is no number; write 123 or 0x7b"},
      {"gpa == 12ab", "at position 8 of the filter: '12ab' is no number; write 123 or 0x7b"},
      {"gpa == 0x1ffffffffffffffff",
       "at position 8 of the filter: the number 0x1ffffffffffffffff does not fit 64 bits"},
      {"gpa in 0x2000..0x1000", "at position 8 of the filter: the range ends before it begins"},
      {"gpa in 5", "at position 9 of the filter: 'in' takes a range, as in 0x1000..0x1fff"},
      {"gpa ==", "at position 7 of the filter: a number or a word is missing"},
      {"gpa == CPUID", "at position 8 of the filter: a number is needed instead of 'CPUID'"},
      {"gpa > unknown", "at position 7 of the filter: 'unknown' is compared with == or != alone"},
      {"(vm_exit", "at position 9 of the filter: a ')' is missing"},
      {"vm_exit)", "at position 8 of the filter: ')' is more than the filter needs; join with and, or"},
      {"vm_exit vm_entry", "at position 9 of the filter: 'vm_entry' is more than the filter needs; join with and, or"},
      {"", "at position 1 of the filter: a kind or a field is missing"},
      {"not", "at position 4 of the filter: a kind or a field is missing"},
      {"vm_exit.", "at position 9 of the filter: a field's name is missing after the dot"},
      {"5 == gpa", "at position 1 of the filter: '5' stands where a kind or a field should"},
      {"kind < vm_exit", "at position 1 of the filter: kind is compared with == or != alone"},
      {"gpa == 1; drop", "at position 9 of the filter: ';' has no meaning here"},
      {"provenance == modeled",
       "at position 15 of the filter: the field has no value 'modeled'; did you mean modelled?"},
  };
  for (const auto& [query, sentence] : table) {
    CAPTURE(query);
    CHECK(trouble(query) == sentence);
  }
  CHECK(trouble("zzzzqqq") == "at position 1 of the filter: there is no kind or field 'zzzzqqq'");
}

TEST_CASE("depth and length have limits, and within them nothing overflows") {
  CHECK(trouble(std::string(101, '(') + "vm_exit" + std::string(101, ')')).find("nested deeper") != std::string::npos);
  std::string negations;
  for (int i = 0; i < 101; ++i) negations += "not ";
  CHECK(trouble(negations + "vm_exit").find("nested deeper") != std::string::npos);
  CHECK(found(std::string(100, '(') + "vm_exit" + std::string(100, ')')) == std::vector<u64>{1, 6});
  std::string chain = "user";
  while (chain.size() < 15'000) chain += " or user";
  CHECK(found(chain) == std::vector<u64>{2});
  CHECK(trouble(std::string(20'000, 'a')) == "the filter is longer than 16 KiB");
}

TEST_CASE("any text is either a filter or a sentence") {
  const std::vector<std::string_view> pieces = {
      "vm_exit", "reason", ".", "..",   "==",    "!=",  "<", ">=", "in",   "and",     "or",   "not",
      "(",       ")",      "5", "0x10", "CPUID", "gpa", "=", "!",  "\x80", "unknown", "kind", "seq"};
  test::Random random{71};
  int good = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (u64 i = 0; i <= random.below(9); ++i) text += std::string(pieces[random.below(pieces.size())]) + " ";
    const Result<Filter> filter = Filter::parse(text, current_schema());
    if (!filter) {
      CHECK(!filter.error().sentence.empty());
      continue;
    }
    ++good;
    for (u64 sequence = 0; sequence < lane().count(); ++sequence) {
      const RecordedEvent event = *lane().at(sequence);
      if (filter->matches(event)) CHECK(filter->kinds()[event.kind_number()]);
    }
  }
  CHECK(good > 100);
}

TEST_CASE("a filter over random events agrees with the same test in C++") {
  MemoryTrace trace;
  trace.take(test::random_records(72, 3000));
  std::vector<u64> expected;
  Cursor cursor = trace.events();
  while (const RecordedEvent* const event = cursor.next()) {
    const std::optional<TlbFill> fill = event->as<TlbFill>();
    if (fill && fill->writable != 0 && fill->gpa != ~0ULL && fill->gpa <= 0xffff && event->tick() > 2)
      expected.push_back(event->sequence());
  }
  CHECK(!expected.empty());
  CHECK(found("tlb_fill and writable and gpa <= 0xffff and tick > 2", trace) == expected);
}
