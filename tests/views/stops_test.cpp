// Stops by cause, what each was for, and what they cost.
#include "views/stops.h"

#include <doctest/doctest.h>

#include "spec/vectors.h"
#include "views/fold.h"
#include "views/recorder.h"

using namespace trapline;
using views::StopGroup;

namespace {

trace::Trap trap_of(spec::Vector vector) {
  trace::Trap trap;
  trap.vector = static_cast<u8>(vector);
  return trap;
}

trace::UserExit port_exit(u64 port) {
  return {static_cast<u8>(trace::UserExitReason::port_io), 0x1000, port, trace::unknown_number};
}

}  // namespace

TEST_CASE("a trap is for what the first event of its cause tells, and costs up to the last") {
  test::Recorder recorder;
  trace::Emulation out;
  out.instruction = static_cast<u16>(trace::Emulated::out);
  recorder.at(100, 1, trap_of(spec::Vector::GP), 7);
  recorder.at(540, 1, out, 7);
  recorder.at(900, 1, trace::FaultReflected{}, 8);  // of another cause
  recorder.at(2700, 1, port_exit(0x3f8), 7);
  recorder.at(5000, 2, trap_of(spec::Vector::GP), 9);
  const auto view = views::folded<views::StopsView>(recorder.done());
  const auto& cause = view.of(StopGroup::traps).at("exception GP");
  CHECK(cause.tally.count == 2);
  CHECK(cause.tally.cost == 2600);
  CHECK(cause.tally.first == 0);
  REQUIRE(cause.purposes.size() == 1);
  CHECK(cause.purposes.at("out").count == 1);
  CHECK(cause.purposes.at("out").first == 1);
  CHECK(view.of(StopGroup::emulated).at("out").tally.count == 1);
  CHECK(view.of(StopGroup::user_exits).at("port_io").purposes.at("serial port").first == 3);
  CHECK(view.total(StopGroup::traps) == 2);
  CHECK(view.ticks() == 5000);
}

TEST_CASE("a VM exit costs the cycles up to the next entry, never less than nothing") {
  test::Recorder recorder;
  trace::VmExit violation;
  violation.reason = 48;
  violation.qualification = 0x2;
  recorder.at(100, 1, violation, 1);
  recorder.at(130, 1, trace::VmEntry{}, 1);
  recorder.at(200, 1, violation, 2);
  recorder.at(150, 1, trace::VmEntry{}, 2);  // time runs backwards
  const auto view = views::folded<views::StopsView>(recorder.done());
  const auto& cause = view.of(StopGroup::vm_exits).at("EPT_VIOLATION");
  CHECK(cause.tally.cost == 30);
  CHECK(cause.purposes.at("write").count == 2);
}

TEST_CASE("hypercalls of a batch are counted, but the trap was for the multicall") {
  test::Recorder recorder;
  trace::Trap call;
  call.trap_kind = static_cast<u8>(trace::TrapKind::system_call);
  trace::Hypercall multicall, entry;
  multicall.number = 20;
  entry.number = 13;
  entry.in_batch = 1;
  recorder.at(0, 0, call, 1);
  recorder.at(1, 0, multicall, 1);
  recorder.at(2, 0, entry, 1);
  recorder.at(3, 0, entry, 1);
  const auto view = views::folded<views::StopsView>(recorder.done());
  CHECK(view.total(StopGroup::hypercalls) == 3);
  const auto& cause = view.of(StopGroup::traps).at("system_call");
  REQUIRE(cause.purposes.size() == 1);
  CHECK(cause.purposes.begin()->first == "multicall");
}

TEST_CASE("a trace that names a thousand reasons is counted whole, under names that are bounded") {
  test::Recorder recorder;
  trace::VmExit exit;
  for (u32 i = 0; i < 1000; ++i) {
    exit.reason = 0x1000 + i;
    recorder.at(i, i, exit, i);
  }
  const auto view = views::folded<views::StopsView>(recorder.done());
  CHECK(view.of(StopGroup::vm_exits).size() <= views::StopsView::most_names + 1);
  CHECK(view.total(StopGroup::vm_exits) == 1000);
}

TEST_CASE("ports are named by their device") {
  CHECK(views::port_device(0x3f8) == "serial port");
  CHECK(views::port_device(0x1f7) == "disk");
  CHECK(views::port_device(0xa1) == "interrupt controller");
  CHECK(views::port_device(0xe0) == "marker port");
  CHECK(views::port_device(0x8000) == "no device");
}
