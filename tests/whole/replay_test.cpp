// A lane that is run again to a moment has the registers that the lane itself had there: by its keyframes, by what its
// events tell of registers, and by the same guest under another technique.
#include "session/replay.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <set>

#include "arch/state_bytes.h"
#include "metal/handlers.h"
#include "trace/memory_trace.h"
#include "whole/lane.h"

namespace trapline::whole {
namespace {

using session::Replay;
using trace::Technique;

constexpr Technique techniques[] = {Technique::hardware, Technique::full, Technique::para};

// Sanitizers make a lane eight times as long.
#ifdef TRAPLINE_SANITIZED
constexpr u64 stride = 7;
#else
constexpr u64 stride = 1;
#endif

std::unique_ptr<Replay> replay_of(const trace::EventSource& lane) {
  auto replay = Replay::open(lane);
  REQUIRE_MESSAGE(replay.ok(), replay.error().sentence);
  return std::move(*replay);
}

arch::CpuState state_of(Replay& replay, u64 retired) {
  auto state = replay.at(retired);
  REQUIRE_MESSAGE(state.ok(), state.error().sentence);
  return *state;
}

TEST_CASE("every keyframe of a lane is what running it again gives, whatever its level") {
  for (const Technique technique : techniques)
    for (const trace::Level level : {trace::Level::exits, trace::Level::instructions}) {
      const Ran ran(lane_of(tour, technique, level));
      unsigned met = 0;
      auto cursor = ran.trace().events(ran.trace().kinds<trace::Keyframe>());
      while (const trace::RecordedEvent* event = cursor.next()) {
        if (event->as<trace::Keyframe>()->tag != arch::cpu_state_tag) continue;
        const u64 counted = event->stamp().retired;  // unknown before the guest is first entered
        const auto again = session::registers_at(ran.trace(), counted == trace::unknown_number ? 0 : counted);
        REQUIRE_MESSAGE(again.ok(), again.error().sentence);
        CHECK(*again == arch::cpu_state_from(event->blob()));
        ++met;
      }
      CHECK(met == 2);
    }
}

// Both keyframes of such a lane.
void check_ends(const session::RunRequest& request) {
  const Ran ran(request);
  CAPTURE(ran.result().sentence);
  const auto replay = replay_of(ran.trace());
  u64 parts = 0;
  auto cursor = ran.trace().events(ran.trace().kinds<trace::Keyframe>());
  while (const trace::RecordedEvent* event = cursor.next()) {
    if (event->as<trace::Keyframe>()->tag != arch::cpu_state_tag) continue;
    const u64 counted = event->stamp().retired;
    CHECK(state_of(*replay, counted == trace::unknown_number ? 0 : counted) == arch::cpu_state_from(event->blob()));
    ++parts;
  }
  CHECK(parts == 2);
}

TEST_CASE("a lane is run again as its header says it was run") {
  for (const Technique technique : techniques) {
    auto request = lane_of(shuffle, technique);
    request.memory_bytes = 24 << 20;
    request.seed = 9;
    request.hardware.tlb_sets = 2;
    request.hardware.paging_structure_caches = false;
    check_ends(request);
  }
  auto untranslated = full_lane(tour);
  untranslated.full.translation = false;
  check_ends(untranslated);
  auto exiting = lane_of(tour, Technique::hardware);
  exiting.hardware.rdtsc_exiting = exiting.hardware.cr3_load_exiting = true;
  check_ends(exiting);
}

TEST_CASE("a lane that its budget ended has the states of the whole one up to there") {
  for (const Technique technique : techniques) {
    auto request = lane_of(tour, technique);
    const Ran whole(request);
    request.budget = *whole.result().retired / 2;
    const Ran part(request);
    REQUIRE(part.result().outcome == trace::Outcome::budget_spent);
    const auto left = replay_of(whole.trace()), right = replay_of(part.trace());
    const u64 last = *part.result().retired;
    for (const u64 retired : {last / 3, last - 2, last - 1, last})
      CHECK(state_of(*left, retired) == state_of(*right, retired));
  }
}

u64 first_cpuid_of_leaf_1(const trace::EventSource& lane) {
  auto cursor = lane.events(lane.kinds<trace::Cpuid>());
  while (const trace::RecordedEvent* event = cursor.next())
    if (event->as<trace::Cpuid>()->leaf == 1) return event->stamp().retired;
  FAIL("the guest never asks for leaf 1 of CPUID");
  return 0;
}

// Full keeps PCID from its guests, leaf 1, ECX bit 17: while the guest has the answer in its hands its registers
// differ. And it is full alone that notes a halt in the state.
TEST_CASE("full and hardware have the same registers, whole states, all along") {
  const Ran full(lane_of(tour, Technique::full)), hardware(lane_of(tour, Technique::hardware));
  REQUIRE(full.result().retired == hardware.result().retired);
  const u64 cpuid = first_cpuid_of_leaf_1(full.trace());
  const auto left = replay_of(full.trace()), right = replay_of(hardware.trace());
  u64 moments = 0, halts = 0;
  for (u64 retired = 0; retired <= *full.result().retired; retired += stride, ++moments) {
    CAPTURE(retired);
    arch::CpuState a = state_of(*left, retired), b = state_of(*right, retired);
    halts += a.activity == arch::Activity::halted;
    a.activity = b.activity;
    CHECK(a.rip == b.rip);
    if (retired - cpuid > 200) CHECK(a == b);
  }
  CHECK(moments > 2'000);
  CHECK(halts <= 20);
}

// ---- what events tell ----------------------------------------------------------------------------------------------

// That a register, numbered as metal::register_in does, had a value when so many had retired for the first time.
struct Told {
  u64 retired;
  unsigned number;
  u64 value;
};

struct Teller {
  std::vector<Told> told;
  u64 moved = trace::unknown_number;  // the count at which a delivery has taken the guest elsewhere

  void rip(u64 retired, u64 value) {
    if (moved != retired) told.push_back({retired, metal::rip, value});
  }
  void control(u64 retired, u8 number, u64 value) {
    constexpr unsigned numbers[] = {metal::cr0, 0, metal::cr2, metal::cr3, metal::cr4};
    if (number < std::size(numbers) && number != 1) told.push_back({retired, numbers[number], value});
  }
  // Code of the monitor's stands where guests have none.
  void instruction(u64 retired, u64 rip_of_metal) {
    if (rip_of_metal < bit(63)) rip(retired, rip_of_metal);
  }
};

std::vector<Told> told_by_full(const trace::EventSource& lane) {
  Teller teller;
  auto cursor = lane.events();
  while (const trace::RecordedEvent* event = cursor.next()) {
    const u64 now = event->stamp().retired;
    if (const auto emulation = event->as<trace::Emulation>()) teller.rip(now, emulation->rip);
    if (const auto instruction = event->as<trace::Instruction>()) teller.instruction(now, instruction->rip);
    if (const auto fault = event->as<trace::FaultReflected>()) {
      teller.rip(now, fault->rip);
      teller.moved = now;
    }
    if (const auto interrupt = event->as<trace::Interrupt>())
      if (interrupt->phase == static_cast<u8>(trace::InterruptPhase::injected)) teller.moved = now;
    if (const auto access = event->as<trace::CrAccess>()) {
      teller.control(now, access->cr, access->old_value);
      teller.control(now + 1, access->cr, access->value);
    }
  }
  return teller.told;
}

// A hypercall is told when its SYSCALL has retired.
std::vector<Told> told_by_para(const trace::EventSource& lane) {
  Teller teller;
  auto cursor = lane.events();
  while (const trace::RecordedEvent* event = cursor.next()) {
    const u64 now = event->stamp().retired;
    if (const auto instruction = event->as<trace::Instruction>()) teller.instruction(now, instruction->rip);
    if (const auto call = event->as<trace::Hypercall>(); call && !call->in_batch && teller.moved != now - 1) {
      const u64 values[] = {call->number, call->first, call->second, call->third, call->fourth, call->rip};
      const unsigned numbers[] = {arch::rax, arch::rdi, arch::rsi, arch::rdx, arch::r10, metal::rip};
      for (unsigned i = 0; i < std::size(values); ++i) teller.told.push_back({now - 1, numbers[i], values[i]});
    }
    if (const auto upcall = event->as<trace::Upcall>()) {
      const bool by_instruction = upcall->reason == static_cast<u8>(trace::UpcallReason::system_call);
      teller.rip(now, by_instruction ? upcall->handler : upcall->rip);
      if (!by_instruction) teller.moved = now;
    }
    if (const auto access = event->as<trace::CrAccess>()) {
      teller.control(now - 1, access->cr, access->old_value);
      teller.control(now, access->cr, access->value);
    }
  }
  return teller.told;
}

u64 check_told(const trace::EventSource& lane, std::vector<Told> told) {
  std::ranges::stable_sort(told, {}, &Told::retired);
  const auto replay = replay_of(lane);
  std::set<u64> moments;
  for (const Told& each : told) {
    if (each.retired % stride != 0) continue;
    arch::CpuState state = state_of(*replay, each.retired);
    CAPTURE(each.retired);
    CAPTURE(metal::name_of_register(each.number));
    CHECK(*metal::register_in(state, each.number) == each.value);
    moments.insert(each.retired);
  }
  return moments.size();
}

TEST_CASE("what events of a full lane tell of RIP and control registers is what the lane has, run again") {
  const Ran ran(lane_of(tour, Technique::full, trace::Level::instructions));
  CHECK(check_told(ran.trace(), told_by_full(ran.trace())) > 100);
}

TEST_CASE("what events of a para lane tell of RIP, arguments and control registers is what the lane has, run again") {
  const Ran ran(lane_of(tour, Technique::para, trace::Level::instructions));
  CHECK(check_told(ran.trace(), told_by_para(ran.trace())) > 1'000);
}

// ---- one replay, many moments --------------------------------------------------------------------------------------

TEST_CASE("forward, back and anew give the same states") {
  for (const Technique technique : techniques) {
    const Ran ran(lane_of(shuffle, technique));
    const u64 last = *ran.result().retired;
    const auto replay = replay_of(ran.trace());
    for (const u64 retired : {last / 7, last / 7, last / 3, last / 3 + 1, last / 5, last / 2, last}) {
      const auto anew = session::registers_at(ran.trace(), retired);
      REQUIRE_MESSAGE(anew.ok(), anew.error().sentence);
      CHECK(state_of(*replay, retired) == *anew);
    }
    const auto past = replay->at(last + 1);
    REQUIRE_FALSE(past.ok());
    CHECK(past.error().sentence == "The lane never retired " + std::to_string(last + 1) + " instructions.");
    CHECK(state_of(*replay, last / 7) == state_of(*replay_of(ran.trace()), last / 7));
  }
}

TEST_CASE("a replay that nobody wants any more ends soon, and goes on where it was when it is wanted again") {
  for (const Technique technique : techniques) {
    const Ran ran(lane_of(tour, technique));
    const u64 last = *ran.result().retired;
    const auto replay = replay_of(ran.trace());
    const arch::CpuState wanted = state_of(*replay, last);
    u64 asked = 0;
    const auto given_up = replay->at(last - 1, [&] { return ++asked > 20; });
    REQUIRE_FALSE(given_up.ok());
    CHECK(given_up.error().sentence == "Running the lane again was given up before it came to that moment.");
    CHECK(asked < 30);
    CHECK(state_of(*replay, last) == wanted);
  }
}

// ---- what cannot be run again --------------------------------------------------------------------------------------

// The first events of a lane, as somebody else would have them.
std::unique_ptr<trace::MemoryTrace> changed(const trace::EventSource& lane, const std::string& from,
                                            const std::string& to, bool with_handler_call) {
  auto copy = std::make_unique<trace::MemoryTrace>();
  trace::Bus bus(trace::Level::instructions, *copy);
  auto cursor = lane.events(lane.kinds<trace::RunHeader, trace::Keyframe>());
  while (const trace::RecordedEvent* event = cursor.next()) {
    std::vector<std::byte> blob(event->blob().begin(), event->blob().end());
    if (const auto header = event->as<trace::RunHeader>()) {
      std::string json(reinterpret_cast<const char*>(blob.data()), blob.size());
      if (const auto at = json.find(from); at != std::string::npos) json.replace(at, from.size(), to);
      bus.emit_with_blob(*header, std::as_bytes(std::span(json)));
    } else {
      bus.emit_with_blob(*event->as<trace::Keyframe>(), blob);
    }
  }
  if (with_handler_call) bus.emit(trace::HandlerCall{});
  bus.flush();
  return copy;
}

std::string refusal_of(const trace::EventSource& lane) {
  const auto state = session::registers_at(lane, 10);
  return state.ok() ? "" : state.error().sentence;
}

TEST_CASE("what cannot be run again exactly is refused with its reason") {
  const Ran ran(lane_of(tour, Technique::full));
  const auto refused = [&](const std::string& from, const std::string& to, bool handler = false) {
    return refusal_of(*changed(ran.trace(), from, to, handler));
  };
  CHECK(refused("", "") == "");
  CHECK(refused("\"soft\"", "\"kvm\"").starts_with("Between its exits the registers of a kvm lane are unknown"));
  CHECK(refused("\"full\"", "\"half\"").starts_with("The trace's run_header names no technique"));
  CHECK(refused("\"tour\"", "\"shuffle\"").starts_with("The run cannot be repeated: image_sha256"));
  CHECK(refused("\"seed\":1", "\"seed\":2").find("the machine as it is loaded now differs") != std::string::npos);
  CHECK(refused("{", "").starts_with("The trace's run_header is damaged"));
  CHECK(refused("", "", true).starts_with("Functions of a lab decided"));
  auto sleeping = lane_of(tour, Technique::hardware);
  sleeping.hardware.hlt_exiting = false;
  CHECK(refusal_of(Ran(sleeping).trace()).starts_with("In a lane with hlt_exiting off the processor sleeps"));
  CHECK(session::registers_at(ran.trace(), trace::unknown_number).error().sentence ==
        "The event counts no retired instructions, so there is no moment to run the lane to; choose a later one.");
}

}  // namespace
}  // namespace trapline::whole
