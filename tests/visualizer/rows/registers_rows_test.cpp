#include "visualizer/rows/registers_rows.h"

#include <doctest/doctest.h>

#include "arch/state_bytes.h"
#include "tests/visualizer/rows/made_lane.h"

using namespace trapline;
using namespace trapline::window;
using trace::MetalKind;
using trace::Technique;

namespace {

// A state that tells in RAX when it was.
arch::CpuState state_at(u64 retired) {
  arch::CpuState state;
  state.gpr[arch::rax] = retired;
  state.gpr[arch::rbx] = 7;
  state.rflags = retired % 2 ? 0x42 : 0x2;
  state.segments[arch::cs] = {8, 0xa09b, 0xffffffff, 0};
  return state;
}

void keyframe(MadeLane& made, u64 retired) {
  made.bus.stamp().retired = retired;
  const auto bytes = arch::to_bytes(state_at(retired));
  made.bus.emit_with_blob(trace::Keyframe{0, arch::cpu_state_tag, unknown_address}, bytes);
  ++made.next;
}

const RegistersAt never = [](const Lane&, u64, const Interrupt&) -> Result<arch::CpuState> {
  return usage_error("Not this one.");
};
const RegistersAt always = [](const Lane&, u64 retired, const Interrupt&) -> Result<arch::CpuState> {
  return state_at(retired);
};

RegistersRows at(LaneSet& lanes, u64 sequence, const RegistersAt& again) {
  return registers_rows(lanes, {.at = {0, sequence}}, Interrupt(), again);
}

const RegisterRow& control(const RegistersRows& rows, const std::string& name) {
  for (const RegisterRow& row : rows.control)
    if (row.name == name) return row;
  FAIL("no such register");
  return rows.control.front();
}

}  // namespace

TEST_CASE("a keyframe is exact until something retires; then the lane is run again, and compared with the last stop") {
  MadeLane made;
  made.header(Technique::hardware);
  keyframe(made, 0);
  made.bus.stamp().retired = 4;
  made.emit(trace::VmExit{});
  made.bus.stamp().retired = 5;
  made.emit(trace::VmEntry{});
  LaneSet lanes = made.lanes();

  const RegistersRows exact = at(lanes, 1, never);
  CHECK(exact.from == RegistersFrom::keyframe);
  CHECK(exact.keyframe == 1);
  CHECK(exact.general[0].known);
  CHECK_FALSE(exact.general[0].stale);

  const RegistersRows again = at(lanes, 3, always);
  CHECK(again.from == RegistersFrom::run_again);
  CHECK(again.previous_stop == 2);
  CHECK(again.general[0].name == "RAX");
  CHECK(again.general[0].value == 5);
  CHECK(again.general[0].changed);
  CHECK(again.general[3].value == 7);
  CHECK_FALSE(again.general[3].changed);
  CHECK(again.rflags.changed);
  CHECK(again.segments[0].name == "CS");
  CHECK(again.segments[0].rights == "execute/read, accessed, DPL 0, L");
}

TEST_CASE("a lane that cannot be run again shows its keyframe with its age, the reason, and what events told since") {
  MadeLane made;
  made.header(Technique::hardware);
  keyframe(made, 10);
  made.bus.stamp().retired = 35;
  made.emit(trace::CrAccess{3, 0, 0x5000, 0x100});
  made.emit(trace::Msr{1, 0xc0000080, 0x500, 0x104});
  LaneSet lanes = made.lanes();
  const RegistersRows rows = at(lanes, ~0ULL, never);
  CHECK(rows.from == RegistersFrom::stale);
  CHECK(rows.trouble == "Not this one.");
  CHECK(rows.age == 25);
  CHECK(rows.general[0].stale);
  CHECK(control(rows, "CR3").value == 0x5000);
  CHECK(control(rows, "CR3").told_at == 2);
  CHECK_FALSE(control(rows, "CR3").stale);
  CHECK(control(rows, "CR0").stale);
  CHECK(control(rows, "IA32_EFER").value == 0x500);
  CHECK(rows.general.back().name == "RIP");
  CHECK(rows.general.back().value == 0x104);
}

TEST_CASE("lanes of full and para are run again likewise, and say whose idea of the registers it is") {
  for (const Technique technique : {Technique::full, Technique::para, Technique::hardware}) {
    MadeLane made;
    made.header(technique);
    keyframe(made, 10);
    made.bus.stamp().retired = 20;
    made.emit(trace::Trap{});
    made.bus.stamp().retired = 35;
    made.emit(trace::Console{});
    LaneSet lanes = made.lanes();
    std::vector<u64> asked;
    const RegistersRows rows = at(lanes, ~0ULL, [&](const Lane&, u64 retired, const Interrupt&) {
      asked.push_back(retired);
      return Result<arch::CpuState>(state_at(retired));
    });
    CHECK(rows.from == RegistersFrom::run_again);
    CHECK(rows.general[0].value == 35);
    CHECK(rows.general[0].changed);
    CHECK(asked == std::vector<u64>{20, 35});  // forward, so that the second is reached from the first
    CHECK(rows.technique.has_value() == (technique != Technique::hardware));
    if (rows.technique) CHECK(*rows.technique == technique);
  }
}

TEST_CASE("on kvm nothing is filled in: general registers are unknown, single events are told") {
  MadeLane made;
  made.header(Technique::hardware, MetalKind::kvm);
  keyframe(made, trace::unknown_number);
  made.emit(trace::UserExit{0, 0x1234, 0x3f8, 0});
  made.emit(trace::CrAccess{0, 0, 0x80000001, 0x1234});
  LaneSet lanes = made.lanes();
  const RegistersRows start = at(lanes, 1, always);
  CHECK(start.from == RegistersFrom::keyframe);
  const RegistersRows later = at(lanes, 2, always);
  CHECK(later.from == RegistersFrom::nowhere);
  CHECK_FALSE(later.general[0].known);
  CHECK_FALSE(later.segments[0].known);
  CHECK(later.general.back().value == 0x1234);
  CHECK(control(at(lanes, 3, always), "CR0").value == 0x80000001);
}

TEST_CASE("a trap's address may be translated code and is not shown as RIP; an empty trace has no rows") {
  MadeLane made;
  made.header(Technique::full);
  trace::Trap trap;
  trap.rip = 0x7f000000;
  made.emit(trap);
  LaneSet lanes = made.lanes();
  CHECK_FALSE(at(lanes, 1, never).general.back().known);
  LaneSet empty = MadeLane().lanes();
  CHECK(at(empty, 0, never).general.empty());
}

TEST_CASE("the same moment is run once") {
  MadeLane made;
  made.header(Technique::hardware);
  LaneSet lanes = made.lanes();
  int runs = 0;
  const RegistersAt counting = cached([&](const Lane& lane, u64 retired, const Interrupt& interrupt) {
    ++runs;
    return always(lane, retired, interrupt);
  });
  for (int i = 0; i < 3; ++i) {
    const auto state = counting(*lanes.at(0), 9, Interrupt());
    REQUIRE(state);
    CHECK(state->gpr[arch::rax] == 9);
  }
  CHECK(runs == 1);
}

TEST_CASE("what an interrupt cut off is not kept; trouble of the lane is") {
  MadeLane made;
  made.header(Technique::full);
  LaneSet lanes = made.lanes();
  int runs = 0;
  std::atomic<bool> flag = true;
  const RegistersAt failing = cached([&](const Lane&, u64, const Interrupt&) -> Result<arch::CpuState> {
    ++runs;
    return usage_error("Not now.");
  });
  CHECK_FALSE(failing(*lanes.at(0), 9, Interrupt(&flag)).ok());
  CHECK_FALSE(failing(*lanes.at(0), 9, Interrupt(&flag)).ok());
  CHECK(runs == 2);
  flag = false;
  CHECK_FALSE(failing(*lanes.at(0), 9, Interrupt(&flag)).ok());
  CHECK_FALSE(failing(*lanes.at(0), 9, Interrupt(&flag)).ok());
  CHECK(runs == 3);
}

TEST_CASE("an interrupt between the two moments of a question ends it") {
  MadeLane made;
  made.header(Technique::para);
  keyframe(made, 1);
  made.bus.stamp().retired = 2;
  made.emit(trace::Trap{});
  made.bus.stamp().retired = 5;
  made.emit(trace::Console{});
  LaneSet lanes = made.lanes();
  std::atomic<bool> flag = false;
  int runs = 0;
  const auto raises = [&](const Lane&, u64 retired, const Interrupt&) {
    ++runs;
    flag = true;
    return Result<arch::CpuState>(state_at(retired));
  };
  (void)registers_rows(lanes, {.at = {0, ~0ULL}}, Interrupt(&flag), raises);
  CHECK(runs == 1);
}
