// The same cases on the host's processor through KVM: it must agree with what the table says, and with every register
// and every byte of memory that this engine leaves (page tables aside, whose accessed and dirty bits are not modelled
// by the pins of this test).
//
// A software KVM emulates CPL 0 and does not do everything as a processor would; where a KVM refuses an instruction or
// is known to differ from the manual, the case is left out and counted.
#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <vector>

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

// Where a software KVM is known not to do what the manual says. Real processors (asked at CPL 3, or through Unicorn for
// the rest) take the manual's side.
const std::vector<Exempt>& known() {
  static const std::vector<Exempt> list = {
      {"CPL 3 runs under the host's own GDT, IDT, IOPL, CR4 and debug registers",
       {"LAR*",
        "LSL*",
        "VERR*",
        "VERW*",
        "JMP far through a gate to an inner level",
        "CALL far, gate*",
        "CALL far through a gate*",
        "CLI at CPL 3 with IOPL 3",
        "IN at CPL 3 with IOPL 3",
        "POPF at CPL 3*",
        "RDTSC at CPL 3*",
        "XGETBV*",
        "RDFSBASE without*",
        "INVPCID at CPL 3",
        "MONITOR at CPL 3",
        "INT n from CPL 3*",
        "INT n, gate DPL 0 at CPL 3",
        "INT n, not present, DPL first",
        "INT3, gate DPL 0*",
        "SYSCALL",
        "SYSCALL without*",
        "SYSENTER*",
        "MOV CR5 at CPL 3*",
        "IRETQ loads flags at CPL 0",
        "SYSRET"}},
      {"its emulator leaves out the check",
       {"LLDT, upper half beyond", "IRETQ to data", "IRETQ, L and D", "IRETQ to CPL 3*", "IRETQ, SS read-only",
        "IRETQ, RIP not canonical", "SYSRET without SCE", "SYSRET, RCX*", "MOV CR0, upper half", "MOV DR with GD",
        "WRMSR LSTAR, not*", "WRMSR CSTAR, not*", "WRMSR FS_BASE, not*", "WRMSR KERNEL_GS*", "WRMSR SYSENTER_EIP*",
        "WRMSR FMASK*", "WRMSR PAT, reserved*", "SIDT half into*"}},
      {"it knows compatibility mode, breakpoints or features that this engine does not, or the other way round",
       {"RET far to compatibility mode", "JMP far to compatibility mode", "IRETQ to compatibility mode",
        "SYSRET to compatibility mode", "MOV DR7, a breakpoint", "MOV CR4, PCIDE", "SYSEXIT", "IRETD*"}},
      {"its own delivery makes every nested fault a double fault, or keeps RF of the first",
       {"INT1, not present", "#UD, gate not present", "#UD, null*", "#UD, code not*", "#UD, IST*", "* meets "}},
  };
  return list;
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
    if (is_exempt(known(), situation.name)) {
      ++left_out;
      continue;
    }
    const World world = world_of(situation);
    const RealResult real = run_real(world);
    if (real.outcome.end == Outcome::End::skipped) {
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
  CHECK(compared > 100);
}

}  // namespace trapline::test
