// A walk is found from any of its events; the VMCS view keeps who told each field last; registers come from keyframes.
#include <doctest/doctest.h>

#include "arch/state_bytes.h"
#include "views/fold.h"
#include "views/recorder.h"
#include "views/registers.h"
#include "views/vmcs.h"
#include "views/walk.h"

using namespace trapline;

namespace {

// Two walks, the second inside the first as a monitor's walk would be, then an event of another kind.
void record_two_walks(test::Recorder& recorder) {
  trace::WalkBegin begin;
  begin.gva = 0x1000;
  recorder.at(0, 0, begin, 7);
  recorder.at(0, 0, trace::WalkReference{}, 7);
  begin.gva = 0x2000;
  recorder.at(0, 0, begin, 8);
  recorder.at(0, 0, trace::WalkEnd{}, 8);
  trace::WalkReference cached;
  cached.source = static_cast<u8>(trace::Source::tlb);
  recorder.at(0, 0, cached, 7);
  recorder.at(0, 0, trace::WalkEnd{}, 7);
  recorder.at(0, 0, trace::Console{'x'});
}

}  // namespace

TEST_CASE("a walk is found from each of its events, and from what follows") {
  test::Recorder recorder;
  record_two_walks(recorder);
  const auto& trace = recorder.done();
  const u64 expected[] = {0x1000, 0x1000, 0x2000, 0x2000, 0x1000, 0x1000, 0x2000};
  for (u64 sequence = 0; sequence < std::size(expected); ++sequence) {
    const auto walk = views::walk_at(trace, sequence);
    REQUIRE(walk.has_value());
    CHECK(walk->begin.gva == expected[sequence]);
    CHECK(walk->end.has_value());
  }
  const auto first = views::walk_at(trace, 0);
  CHECK(first->references.size() == 2);
  CHECK(first->from(trace::Source::memory) == 1);
  CHECK(first->from(trace::Source::tlb) == 1);
}

TEST_CASE("no walk, no view; a walk that the trace cuts off has no end") {
  test::Recorder recorder;
  recorder.at(0, 0, trace::Console{'x'});
  recorder.at(0, 0, trace::WalkBegin{}, 3);
  const auto& trace = recorder.done();
  CHECK_FALSE(views::walk_at(trace, 0).has_value());
  const auto cut = views::walk_at(trace, 1);
  REQUIRE(cut.has_value());
  CHECK_FALSE(cut->end.has_value());
}

TEST_CASE("a VMCS field is what the last event told of it") {
  test::Recorder recorder;
  recorder.at(0, 0, trace::VmcsWrite{0x681e, 0x100});
  trace::VmExit exit;
  exit.reason = 48;
  exit.rip = 0x200;
  recorder.at(0, 0, exit);
  recorder.at(0, 0, trace::VmcsRead{0x4402, 48});
  const auto& trace = recorder.done();
  const auto before = views::folded<views::VmcsView>(trace, 1);
  CHECK(before.fields().at(0x681e).value == 0x100);
  CHECK(before.fields().size() == 1);
  const auto after = views::folded<views::VmcsView>(trace);
  CHECK(after.fields().at(0x681e).value == 0x200);
  CHECK(after.fields().at(0x681e).name == "guest_rip");
  CHECK(after.fields().at(0x681e).told_by == views::FieldToldBy::exit_reported);
  CHECK(after.fields().at(0x4402).told_by == views::FieldToldBy::monitor_read);
}

TEST_CASE("registers come from the last whole CPU0 part") {
  test::Recorder recorder;
  arch::CpuState state;
  state.rip = 0x1234;
  recorder.bus.stamp().retired = 5;
  recorder.bus.emit_with_blob(trace::Keyframe{1, arch::cpu_state_tag, 0}, arch::to_bytes(state));
  const std::byte junk[3] = {};
  recorder.bus.emit_with_blob(trace::Keyframe{2, arch::cpu_state_tag, 0}, junk);
  const auto view = views::folded<views::RegistersView>(recorder.done());
  REQUIRE(view.keyframe().has_value());
  CHECK(view.keyframe()->rip == 0x1234);
  CHECK(view.keyframe_retired() == 5);
  CHECK(view.keyframe_sequence() == 0);
}
