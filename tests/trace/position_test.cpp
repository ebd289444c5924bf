// Places in a trace as people write them, and what they are told where there is no such place.
#include "trace/position.h"

#include <doctest/doctest.h>

#include "trace/bus.h"
#include "trace/memory_trace.h"

namespace trapline::trace {
namespace {

std::string sentence(const EventSource& source, std::string_view text, std::string_view beginning = "") {
  const auto place = position_of(source, text, beginning);
  return place ? "place " + std::to_string(*place) : place.error().sentence;
}

}  // namespace

TEST_CASE("a number, the nth of a kind, and the end are places") {
  MemoryTrace trace;
  Bus bus(Level::instructions, trace);
  for (int i = 0; i < 3; ++i) {
    bus.emit(VmExit{});
    bus.emit(VmEntry{});
  }
  bus.flush();
  CHECK(sentence(trace, "0") == "place 0");
  CHECK(sentence(trace, "5") == "place 5");
  CHECK(sentence(trace, "vm_exit#3") == "place 4");
  CHECK(sentence(trace, "vm_entry#1") == "place 1");
  CHECK(sentence(trace, "end") == "place 5");
}

TEST_CASE("what is no place is named, with what to write instead") {
  MemoryTrace trace;
  CHECK(sentence(trace, "end") == "place 0");
  CHECK(sentence(trace, "0") == "the trace has no event 0; it holds none");
  Bus bus(Level::instructions, trace);
  bus.emit(VmExit{});
  bus.flush();
  CHECK(sentence(trace, "1") == "the trace has no event 1; it ends with event 0");
  CHECK(sentence(trace, "7", "--at: ") == "--at: the trace has no event 7; it ends with event 0");
  CHECK(sentence(trace, "vm_exit#2") == "the trace holds 1 events of kind vm_exit, so there is no vm_exit#2");
  CHECK(sentence(trace, "vm_exit#0").ends_with("there is no vm_exit#0; the first is #1"));
  CHECK(sentence(trace, "vm_exot#1").starts_with("this trace knows no event kind 'vm_exot'"));
  for (const char* const text :
       {"", "#", "-1", "1x", " 1", "vm_exit#", "vm_exit#x", "vm_exit", "99999999999999999999", "end#1"})
    CHECK(sentence(trace, text).find(std::string(text).starts_with("end") ? "no event kind" : "is no place") !=
          std::string::npos);
}

}  // namespace trapline::trace
