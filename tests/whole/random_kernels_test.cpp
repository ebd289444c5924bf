// Random kernels under technique full and on the bare machine (technique hardware on soft): state, memory and time at
// the end are the same, whatever sensitive instructions, faults and changes of their own code they went through.
#include <cstring>
#include <doctest/doctest.h>
#include <map>

#include "soft/machine.h"
#include "technique/full/monitor.h"
#include "technique/hardware/monitor.h"
#include "trace/memory_trace.h"
#include "whole/chance.h"
#include "whole/random_kernel.h"
#include "whole/time_leaps.h"

namespace trapline::whole {
namespace {

using technique::FullOptions;
using trace::Emulated;

constexpr u64 programs = 1000;

struct Seen {
  std::map<Emulated, unsigned> emulated;
  unsigned code_written = 0, faults = 0, interrupts = 0;
};

struct End {
  technique::Ending ending;
  arch::CpuState state;
  u64 retired = 0;
  std::vector<u8> memory;
};

void count(trace::MemoryTrace& events, Seen& seen) {
  trace::Cursor cursor = events.events();
  while (const trace::RecordedEvent* event = cursor.next()) {
    if (event->is<trace::Emulation>())
      ++seen.emulated[static_cast<Emulated>(event->as<trace::Emulation>()->instruction)];
    if (event->is<trace::FaultReflected>()) ++seen.faults;
    if (event->is<trace::Interrupt>()) seen.interrupts += event->as<trace::Interrupt>()->phase == 2;
    if (!event->is<trace::BlockInvalidated>()) continue;
    const auto reason = static_cast<trace::InvalidationReason>(event->as<trace::BlockInvalidated>()->reason);
    seen.code_written += reason == trace::InvalidationReason::code_written;
  }
}

// A budget, since a defect may make a kernel go on for ever.
constexpr technique::Limits limits{.budget = 100'000};

// A lab PC of soft with the kernel in it, for one door; with leaps of time, should there be any.
struct Stage {
  trace::MemoryTrace events;
  trace::Bus bus{trace::Level::exits, events};
  devices::Platform platform{bus, devices::DiskImage::built_in(), {}};
  std::unique_ptr<metal::Machine> machine;

  Stage(const RandomKernel& kernel, metal::Door door, const TimeLeaps& leaps) {
    metal::MachineOptions options;
    options.memory_bytes = random_kernel_memory;
    options.door = door;
    auto made = soft::make_machine(options, bus);
    REQUIRE(made);
    machine = std::make_unique<LeapingMachine>(std::move(*made), leaps);
    kernel.put_into(machine->memory());
    REQUIRE(machine->vcpu().set_state(kernel.start));
  }

  End play(technique::Monitor& monitor) {
    End end;
    std::optional<technique::Ending> ending;
    while (!ending) ending = monitor.step();
    bus.flush();
    end.ending = *ending;
    end.state = machine->vcpu().state();
    end.retired = machine->vcpu().retired().value();
    end.memory.resize(machine->memory().bytes());
    machine->memory().read(Gpa(0), std::as_writable_bytes(std::span(end.memory)));
    return end;
  }
};

End run_bare(const RandomKernel& kernel, const TimeLeaps& leaps) {
  Stage stage(kernel, metal::Door::run_virtual, leaps);
  technique::HardwareMonitor monitor(stage.machine->vcpu(), stage.platform, stage.bus, limits);
  return stage.play(monitor);
}

End run_full(const RandomKernel& kernel, const TimeLeaps& leaps, const FullOptions& options, Seen& seen) {
  Stage stage(kernel, metal::Door::run_deprivileged, leaps);
  auto monitor = technique::FullMonitor::make(*stage.machine, stage.platform, stage.bus, limits, options);
  REQUIRE(monitor);
  const End end = stage.play(**monitor);
  count(stage.events, seen);
  return end;
}

std::string differ(const std::string& what, u64 bare, u64 full) {
  char text[80];
  std::snprintf(text, sizeof text, ": bare %llx, full %llx", static_cast<unsigned long long>(bare),
                static_cast<unsigned long long>(full));
  return what + text;
}

// The first difference; empty where there is none.
std::string difference(const End& bare, const End& full) {
  const arch::CpuState &a = bare.state, &b = full.state;
  if (bare.ending.outcome != full.ending.outcome)
    return "outcome: bare '" + bare.ending.sentence + "', full '" + full.ending.sentence + "'";
  std::vector<std::tuple<std::string, u64, u64>> rows = {{"retired", bare.retired, full.retired},
                                                         {"RIP", a.rip, b.rip},
                                                         {"RFLAGS", a.rflags, b.rflags},
                                                         {"CR0", a.cr0, b.cr0},
                                                         {"CR2", a.cr2, b.cr2},
                                                         {"CR3", a.cr3, b.cr3},
                                                         {"CR4", a.cr4, b.cr4},
                                                         {"EFER", a.efer, b.efer},
                                                         {"GDTR", a.gdtr.base, b.gdtr.base},
                                                         {"GDTR limit", a.gdtr.limit, b.gdtr.limit},
                                                         {"IDTR", a.idtr.base, b.idtr.base},
                                                         {"IDTR limit", a.idtr.limit, b.idtr.limit},
                                                         {"LDTR", a.ldtr.selector, b.ldtr.selector},
                                                         {"TR", a.tr.selector, b.tr.selector}};
  for (unsigned i = 0; i < 16; ++i) rows.emplace_back("register " + std::to_string(i), a.gpr[i], b.gpr[i]);
  for (unsigned i = 0; i < 6; ++i) {
    rows.emplace_back("segment " + std::to_string(i), a.segments[i].selector, b.segments[i].selector);
    rows.emplace_back("rights of segment " + std::to_string(i), a.segments[i].access_rights,
                      b.segments[i].access_rights);
    rows.emplace_back("base of segment " + std::to_string(i), a.segments[i].base, b.segments[i].base);
  }
  for (unsigned i = 0; i < 6; ++i)
    rows.emplace_back("limit of segment " + std::to_string(i), a.segments[i].limit, b.segments[i].limit);
  rows.insert(rows.end(), {{"LDTR rights", a.ldtr.access_rights, b.ldtr.access_rights},
                           {"LDTR base", a.ldtr.base, b.ldtr.base},
                           {"LDTR limit", a.ldtr.limit, b.ldtr.limit},
                           {"TR rights", a.tr.access_rights, b.tr.access_rights},
                           {"TR base", a.tr.base, b.tr.base},
                           {"TR limit", a.tr.limit, b.tr.limit},
                           {"STAR", a.star, b.star},
                           {"LSTAR", a.lstar, b.lstar},
                           {"FMASK", a.sfmask, b.sfmask},
                           {"KERNEL_GS_BASE", a.kernel_gs_base, b.kernel_gs_base},
                           {"CR8", a.cr8, b.cr8},
                           {"SYSENTER_CS", a.sysenter_cs & 0xffffffff, b.sysenter_cs & 0xffffffff},
                           {"SYSENTER_ESP", a.sysenter_esp, b.sysenter_esp},
                           {"SYSENTER_EIP", a.sysenter_eip, b.sysenter_eip},
                           {"CSTAR", a.cstar, b.cstar},
                           {"TSC_AUX", a.tsc_aux, b.tsc_aux},
                           {"PAT", a.pat, b.pat},
                           {"APIC_BASE", a.apic_base, b.apic_base},
                           {"shadow by NMI", a.blocking_by_nmi, b.blocking_by_nmi},
                           {"shadow by STI", a.blocking_by_sti, b.blocking_by_sti},
                           {"shadow by MOV SS", a.blocking_by_mov_ss, b.blocking_by_mov_ss},
                           {"activity", static_cast<u64>(a.activity), static_cast<u64>(b.activity)}});
  for (unsigned i = 0; i < 8; ++i) rows.emplace_back("DR" + std::to_string(i), a.dr[i], b.dr[i]);
  for (const auto& [what, left, right] : rows)
    if (left != right) return differ(what, left, right);
  for (std::size_t i = 0; i < bare.memory.size(); ++i)
    if (bare.memory[i] != full.memory[i])
      return differ("memory at " + differ("", i, i), bare.memory[i], full.memory[i]);
  // The VMCS keeps 32 bits of IA32_SYSENTER_CS, as the manual says of that field; `full` keeps all.
  arch::CpuState same = b;
  same.sysenter_cs = a.sysenter_cs;
  return a == same ? "" : "another part of the processor's state";
}

// Leaps as long as the period of the kernels' timer, so that each brings an interrupt where IF is set.
TimeLeaps seeded_leaps(u64 seed) {
  Chance chance(seed);
  TimeLeaps leaps{{}, 2000};
  for (u64 moment = 30; leaps.moments.size() < 100; leaps.moments.push_back(moment)) moment += 1 + chance.below(40);
  return leaps;
}

enum class Interrupts : u8 { as_they_come, at_seeded_moments };

void compare(u64 first, u64 last, const FullOptions& options, Seen& seen,
             Interrupts interrupts = Interrupts::as_they_come) {
  const bool leaping = interrupts == Interrupts::at_seeded_moments;
  unsigned failures = 0;
  for (u64 seed = first; seed < last && failures < 5; ++seed) {
    const RandomKernel kernel = random_kernel(seed, leaping ? Timer::always : Timer::perhaps);
    const TimeLeaps leaps = leaping ? seeded_leaps(seed) : TimeLeaps{};
    const End bare = run_bare(kernel, leaps);
    const std::string found = difference(bare, run_full(kernel, leaps, options, seen));
    failures += !found.empty() || bare.ending.outcome != trace::Outcome::finished;
    CAPTURE(seed);
    CHECK_MESSAGE(found.empty(), found);
    CHECK_MESSAGE(bare.ending.outcome == trace::Outcome::finished, bare.ending.sentence);
    if (!leaping) CHECK(bare.retired <= random_kernel_instructions);  // interrupts are not in the price of a piece
  }
}

TEST_CASE("random kernels end as on the bare machine, and met every sensitive instruction and much changed code") {
  Seen seen;
  compare(1, 1 + programs, {}, seen);
  for (const Emulated word :
       {Emulated::cli,          Emulated::sti,       Emulated::in,         Emulated::out,    Emulated::mov_to_cr,
        Emulated::mov_from_cr,  Emulated::mov_dr,    Emulated::clts,       Emulated::lmsw,   Emulated::smsw,
        Emulated::lgdt,         Emulated::lidt,      Emulated::lldt,       Emulated::ltr,    Emulated::sgdt,
        Emulated::sidt,         Emulated::sldt,      Emulated::str,        Emulated::invlpg, Emulated::rdmsr,
        Emulated::wrmsr,        Emulated::rdtsc,     Emulated::rdtscp,     Emulated::cpuid,  Emulated::swapgs,
        Emulated::iret,         Emulated::interrupt, Emulated::pushf,      Emulated::popf,   Emulated::read_segment,
        Emulated::load_segment, Emulated::lar,       Emulated::lsl,        Emulated::verr,   Emulated::verw,
        Emulated::far_jump,     Emulated::far_call,  Emulated::far_return, Emulated::branch}) {
    CAPTURE(static_cast<unsigned>(word));
    CHECK(seen.emulated[word] >= 20);
  }
  CHECK(seen.code_written >= 100);
  CHECK(seen.faults >= 100);
  CHECK(seen.interrupts >= 20);
}

TEST_CASE("random kernels end so with a code cache of one block") {
  Seen seen;
  compare(5001, 5101, {.cache_blocks = 1}, seen);
}

TEST_CASE("random kernels end so with shadow tables that are dropped before every run") {
  Seen seen;
  compare(6001, 6101, {.flush_every_entry = true}, seen);
}

TEST_CASE("random kernels end so with interrupts at seeded moments, between whatever instructions") {
  Seen seen;
  compare(7001, 7201, {}, seen, Interrupts::at_seeded_moments);
  CHECK(seen.interrupts >= 3000);
}

}  // namespace
}  // namespace trapline::whole
