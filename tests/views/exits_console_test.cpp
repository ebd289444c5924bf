// Exits are counted by reason and charged up to the next entry; console bytes become text and facts.
#include <doctest/doctest.h>

#include "spec/vectors.h"
#include "views/console.h"
#include "views/exits.h"
#include "views/fold.h"
#include "views/recorder.h"

using namespace trapline;

namespace {

trace::VmExit exit_with(u32 reason) {
  trace::VmExit exit;
  exit.reason = reason;
  return exit;
}

}  // namespace

TEST_CASE("exits by reason, most frequent first, each charged up to the next entry") {
  test::Recorder recorder;
  recorder.at(100, 1, exit_with(10));
  recorder.at(130, 1, trace::VmEntry{});
  recorder.at(200, 2, exit_with(48));
  recorder.at(205, 2, trace::VmEntry{});
  recorder.at(300, 3, exit_with(10));
  recorder.at(400, 3, trace::VmEntry{});
  recorder.at(500, 4, exit_with(10));  // the lane ends here: no entry, no cost
  const auto view = views::folded<views::ExitsView>(recorder.done());
  const auto rows = view.vm_exits();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].reason == "CPUID");
  CHECK(rows[0].count == 3);
  CHECK(rows[0].cost == 130);
  CHECK(rows[0].first == 0);
  CHECK(rows[1].reason == "EPT_VIOLATION");
  CHECK(rows[1].cost == 5);
  CHECK(rows[1].first == 2);
  CHECK(view.vm_entries() == 3);
}

TEST_CASE("a fold up to an event sees nothing behind it") {
  test::Recorder recorder;
  recorder.at(1, 1, exit_with(10));
  recorder.at(2, 1, exit_with(12));
  const auto& trace = recorder.done();
  CHECK(views::folded<views::ExitsView>(trace, 1).vm_exits().size() == 1);
  CHECK(views::folded<views::ExitsView>(trace, 2).vm_exits().size() == 2);
}

TEST_CASE("traps are told by exception or by kind, and apart from exits") {
  test::Recorder recorder;
  const auto trap = [](trace::TrapKind kind, spec::Vector vector) {
    trace::Trap event;
    event.trap_kind = static_cast<u8>(kind);
    event.vector = static_cast<u8>(vector);
    return event;
  };
  recorder.at(1, 1, trap(trace::TrapKind::system_call, spec::Vector::DE));
  recorder.at(2, 2, trap(trace::TrapKind::exception, spec::Vector::GP));
  recorder.at(3, 3, trap(trace::TrapKind::exception, spec::Vector::GP));
  const auto view = views::folded<views::ExitsView>(recorder.done());
  const auto rows = view.traps();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].reason == "exception GP");
  CHECK(rows[0].count == 2);
  CHECK(rows[0].first == 1);
  CHECK(rows[1].reason == "system_call");
  CHECK(view.vm_exits().empty());
}

TEST_CASE("returns to the user half add up the nanoseconds that are known") {
  test::Recorder recorder;
  recorder.at(1, 0, trace::UserExit{0, 0x1000, 0x3f8, 700});
  recorder.at(2, 0, trace::UserExit{0, 0x1000, 0x3f8, trace::unknown_number});
  const auto rows = views::folded<views::ExitsView>(recorder.done()).user_exits();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].reason == "port_io");
  CHECK(rows[0].count == 2);
  CHECK(rows[0].cost == 700);
}

TEST_CASE("only whole lines that start with fact: are facts") {
  test::Recorder recorder;
  for (const char letter : std::string("lane: a\nfact: one\n fact: no\nfact: two\nfact: cut"))
    recorder.at(0, 0, trace::Console{static_cast<u8>(letter)});
  const auto console = views::folded<views::ConsoleView>(recorder.done());
  CHECK(console.facts() == "fact: one\nfact: two\n");
  CHECK(console.text.ends_with("fact: cut"));
}
