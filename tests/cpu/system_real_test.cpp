// The same cases on the host's processor through KVM: it must agree with what the table says, and with every register
// and every byte of memory that this engine leaves (page tables aside, whose accessed and dirty bits are not modelled
// by the pins of this test).
//
// A software KVM emulates CPL 0 and does not do everything as a processor would; where a KVM refuses an instruction or
// is known to differ from the manual, the case is left out and counted.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "cpu/system_cases.h"
#include "cpu/system_machine.h"
#include "support/real_cpu.h"

namespace trapline::test {

namespace {

struct RealResult {
  Outcome outcome;
  World after;
};

RealResult run_real(const World& world) {
  using End = Outcome::End;
  RealResult result{{End::skipped, 0, 0, {}}, world};
  RealCpu real(world_bytes);
  const auto memory = real.memory();
  std::copy_n(reinterpret_cast<const std::byte*>(world.memory.data()), world_bytes, memory.begin());
  if (!real.set_state(world.state)) return result;
  const RealOutcome end = real.run();
  result.after.state = real.state();
  std::copy_n(memory.begin(), world_bytes, reinterpret_cast<std::byte*>(result.after.memory.data()));
  switch (end.end) {
    case RealOutcome::End::halted:
      result.outcome = outcome_of_halt(world, result.after);
      break;
    case RealOutcome::End::shutdown:
      result.outcome = {End::shutdown, 0, 0, {}};
      break;
    default:
      result.outcome.detail = end.detail;
  }
  return result;
}

// The first difference in words, or empty.
std::string difference(const World& ours, const World& real) {
  for (unsigned number = 0; number < 16; ++number)
    if (ours.state.gpr[number] != real.state.gpr[number]) return "register " + std::to_string(number);
  if (ours.state.rip != real.state.rip) return "rip";
  if (ours.state.rflags != real.state.rflags) return "rflags";
  for (unsigned index = 0; index < 6; ++index) {
    if (ours.state.segments[index].selector != real.state.segments[index].selector)
      return "selector " + std::to_string(index);
    if (index >= arch::fs && ours.state.segments[index].base != real.state.segments[index].base)
      return "base " + std::to_string(index);
  }
  if (ours.state.cpl() != real.state.cpl()) return "cpl";
  if (ours.state.tr.selector != real.state.tr.selector) return "tr";
  if (ours.state.ldtr.selector != real.state.ldtr.selector) return "ldtr";
  if (ours.state.cr0 != real.state.cr0) return "cr0";
  if (ours.state.cr2 != real.state.cr2) return "cr2";
  if (ours.state.cr3 != real.state.cr3) return "cr3";
  for (u64 address = at::gdt; address < world_bytes; ++address)
    if (ours.memory[address] != real.memory[address]) return "memory at " + std::to_string(address);
  return {};
}

void compare(const std::vector<Case>& cases, unsigned& compared, unsigned& left_out) {
  for (const Case& situation : cases) {
    const World world = world_of(situation);
    const RealResult real = run_real(world);
    if (real.outcome.end == Outcome::End::skipped) {
      MESSAGE("left out: ", situation.name, ": ", real.outcome.detail);
      ++left_out;
      continue;
    }
    ++compared;
    SystemMachine machine(world);
    const Outcome ours = machine.run();
    CHECK_MESSAGE(ours == real.outcome, situation.name, ": ", text(ours), ", KVM: ", text(real.outcome));
    if (ours == real.outcome && ours.end != Outcome::End::shutdown)
      CHECK_MESSAGE(difference(machine.after(), real.after) == "", situation.name);
  }
}

}  // namespace

TEST_CASE("the host's processor agrees with the tables of cases") {
  if (!RealCpu::why_unusable().empty()) {
    MESSAGE("skipped: ", RealCpu::why_unusable());
    return;
  }
  unsigned compared = 0, left_out = 0;
  for (const auto* cases : {&segment_cases(), &transfer_cases(), &control_cases(), &delivery_cases()})
    compare(*cases, compared, left_out);
  MESSAGE("compared with KVM: ", compared, ", left out: ", left_out);
  CHECK(compared > 0);
}

}  // namespace trapline::test
