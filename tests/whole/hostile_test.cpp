// Guests that do everything wrong, on both metals: each ends its lane with an outcome that says what happened, within
// its budget or time, and everything that was recorded can be read.
#include <algorithm>
#include <doctest/doctest.h>

#include "whole/machine_code.h"

namespace trapline::whole {
namespace {

using trace::Level;
using trace::MetalKind;
using trace::Outcome;

constexpr u32 survived = 42;  // what a guest says that was not stopped

struct Hostile {
  std::string what;
  Code code;
  Outcome on_soft;
  std::vector<Outcome> on_kvm;  // hosts differ in what they can run
  bool may_survive_on_kvm = false;
};

// ---- the guests ----------------------------------------------------------------------------------------------------
const Code cli_hlt = {0xfa, 0xf4};
const Code spin = {0xeb, 0xfe};
const Code flush = {0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8};  // MOV RAX, CR3; MOV CR3, RAX

Code fill_page_tables(u64 with) {
  return mov_rdi(0x1000) + mov_rax(with) + mov_rcx(3 * 512) + Code{0xf3, 0x48, 0xab} + flush + leave_with(survived);
}
Code load_cr3(u64 value) { return mov_rax(value) + Code{0x0f, 0x22, 0xd8} + leave_with(survived); }
Code jump_to(u64 address) { return mov_rax(address) + Code{0xff, 0xe0}; }

// Turns SSE on as an operating system does, then uses it.
const Code vector_unit = Code{0x0f, 0x20, 0xe0, 0x0d} + little(0x600, 4) + Code{0x0f, 0x22, 0xe0}  // CR4 |= OSFXSR
                         + Code{0x0f, 0x58, 0xc1} + leave_with(survived);                          // ADDPS XMM0, XMM1

const std::vector<Hostile>& hostile_guests() {
  static const std::vector<Hostile> rows = {
      {"triple fault: UD2 with an IDT of limit 0", {0x0f, 0x0b}, Outcome::triple_fault, {Outcome::triple_fault}},
      {"spins with interrupts off", Code{0xfa} + spin, Outcome::budget_spent, {Outcome::timed_out}},
      {"spins in REP",
       mov_rcx(~0ULL) + Code{0x31, 0xc0, 0xbf, 0, 0, 0, 0, 0xf3, 0xae} + spin,
       Outcome::budget_spent,
       {Outcome::timed_out}},
      {"HLT with interrupts off", cli_hlt, Outcome::halted_forever, {Outcome::halted_forever}},
      {"HLT with interrupts on and nothing that could wake it",
       {0xfb, 0xf4},
       Outcome::halted_forever,
       {Outcome::halted_forever}},
      {"an instruction that is not implemented: ADDPS",
       vector_unit,
       Outcome::not_implemented,
       {Outcome::not_implemented, Outcome::triple_fault},
       true},
      {"jumps to an address that no table maps", jump_to(0x4000000000), Outcome::triple_fault, {Outcome::triple_fault}},
      {"jumps to an address that is not canonical",
       jump_to(0x8000000000000000),
       Outcome::triple_fault,
       {Outcome::triple_fault}},
      {"jumps into guest-physical memory that it does not have",
       jump_to(0x20000000),
       Outcome::not_implemented,
       {Outcome::not_implemented, Outcome::failed, Outcome::triple_fault, Outcome::timed_out}},
      {"writes zeros all over its page tables", fill_page_tables(0), Outcome::triple_fault, {Outcome::triple_fault}},
      {"writes ones all over its page tables", fill_page_tables(~0ULL), Outcome::triple_fault, {Outcome::triple_fault}},
      {"page tables that point beyond memory",
       fill_page_tables(0x7ffff003),
       Outcome::not_implemented,
       {Outcome::triple_fault, Outcome::failed, Outcome::not_implemented, Outcome::timed_out}},
      {"CR3 beyond memory",
       load_cr3(0x7ffff000),
       Outcome::not_implemented,
       {Outcome::triple_fault, Outcome::failed, Outcome::not_implemented, Outcome::timed_out}},
      {"CR3 with bits that no address has",
       load_cr3(0x7000000000000000),
       Outcome::triple_fault,
       {Outcome::triple_fault}},
      {"runs off the end of memory",
       jump_to((16 << 20) - 2),
       Outcome::not_implemented,
       {Outcome::not_implemented, Outcome::failed, Outcome::triple_fault, Outcome::timed_out}},
  };
  return rows;
}

// ---- what holds for all --------------------------------------------------------------------------------------------
void check_readable(const Ran& ran) {
  const trace::TraceReader& trace = ran.trace();
  CHECK(trace.recovered() == "");
  CHECK(trace.verify().ok());
  CHECK(trace.damage().empty());
  CHECK(trace.event_hash() == ran.result().event_hash);
  CHECK(trace.count_of("run_header") == 1);
  CHECK(trace.keyframes().size() > 2);
  const auto last = trace.at(trace.end() - 1);
  REQUIRE((last && last->is<trace::RunEnd>()));
  CHECK(last->as<trace::RunEnd>()->outcome == static_cast<u8>(ran.result().outcome));
}

Ran run(const Hostile& guest, MetalKind metal, Level level) {
  const test::Folder folder;
  session::RunRequest request = lane_of(guest.code, folder, level, metal);
  request.budget = 50'000;
  request.timeout_seconds = 1;
  return Ran(request);
}

TEST_CASE("hostile guests on soft end as they must, and every trace is whole") {
  for (const Hostile& guest : hostile_guests())
    for (const Level level : {Level::exits, Level::instructions}) {
      CAPTURE(guest.what);
      const Ran ran = run(guest, MetalKind::soft, level);
      CHECK(trace::name_of(ran.result().outcome) == trace::name_of(guest.on_soft));
      CHECK(ran.result().sentence != "");
      CHECK(ran.result().process_exit_code() == (guest.on_soft == Outcome::budget_spent ? 124 : 1));
      check_readable(ran);
      if (guest.on_soft == Outcome::not_implemented) CHECK(ran.trace().count_of("not_implemented") == 1);
    }
}

KVM_TEST("hostile guests on kvm end as they must, and every trace is whole") {
  for (const Hostile& guest : hostile_guests()) {
    CAPTURE(guest.what);
    const Ran ran = run(guest, MetalKind::kvm, Level::mmu);
    const Outcome outcome = ran.result().outcome;
    CAPTURE(trace::name_of(outcome));
    CAPTURE(ran.result().sentence);
    const bool did_survive = outcome == Outcome::finished && ran.result().exit_code == survived;
    const bool as_it_must = std::ranges::count(guest.on_kvm, outcome) != 0 || (did_survive && guest.may_survive_on_kvm);
    CHECK(as_it_must);
    CHECK(ran.result().sentence != "");
    check_readable(ran);
  }
}

TEST_CASE("a guest cannot talk its way past the budget by faulting, halting or exiting all the time") {
  const Code faults_for_ever = {0xfb, 0xe5, 0x80, 0xeb, 0xfb};  // STI; IN EAX, 0x80; JMP back
  const test::Folder folder;
  session::RunRequest request = lane_of(faults_for_ever, folder, Level::exits);
  request.budget = 20'000;
  const Ran ran(request);
  CHECK(ran.result().outcome == Outcome::budget_spent);
  CHECK(ran.result().retired.value() < 20'000);
  check_readable(ran);
}

}  // namespace
}  // namespace trapline::whole
