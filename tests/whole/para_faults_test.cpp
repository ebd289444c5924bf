// What a paravirtual kernel is told of page faults and exceptions, its own and its programs', by a processor that runs
// both at CPL 3: error codes as the guest's own tables and its own two privilege levels would have them.
#include <doctest/doctest.h>

#include "whole/para_lab.h"

namespace trapline::whole {
namespace {

using spec::Hypercall;
namespace pte = arch::pte;

constexpr u64 handler = 0x70000, kernel_stack = 0x7f000, programs = u64{1} << 39;
constexpr u64 user_tables = 0x45000;  // PDPT, PD, PT
// Instructions in the page of code, which programs see at their begin: MOV [RBX], R8; MOV R8, [RBX]; JMP RBX; UD2
constexpr u64 write_at = 0, read_at = 16, jump_at = 32, undefined_at = 48;
// Pages of the kernel's.
constexpr u64 read_only = 0x60000, absent = 0x61000, no_code = 0x62000;

class World : public ParaLab {
 public:
  World() {
    for (const auto& [place, bytes] :
         {std::pair<u64, u64>{read_at, 0x038b4c}, {jump_at, 0xe3ff}, {undefined_at, 0x0b0f}})
      put(ParaLab::code + place, bytes);
    build_root();
    for (u64 table = 0; table < 3; ++table)
      put(pte_of(user_tables + table * page_bytes), (user_tables + table * page_bytes) | read_only_entry);
    put(pte_of(read_only), read_only | read_only_entry);
    put(pte_of(absent), 0);
    put(pte_of(no_code), no_code | kernel_entry | pte::no_execute);
    put(pml4 + 8, user_tables | user_entry);
    put(user_tables, (user_tables + page_bytes) | user_entry);
    put(user_tables + page_bytes, (user_tables + 2 * page_bytes) | user_entry);
    put(user_tables + 2 * page_bytes,
        {ParaLab::code | read_only_entry | pte::user, 0x63000 | user_entry, 0x64000 | read_only_entry | pte::user,
         0x65000 | kernel_entry, 0x66000 | user_entry | pte::no_execute, 0});
    done(Hypercall::load_root, pml4);
    put(list, {14, handler, 6, handler + 64});
    done(Hypercall::set_trap_table, list, 2);
    done(Hypercall::stack_switch, kernel_stack);
    done(Hypercall::set_callbacks, handler + 128, handler + 192);
  }

  void enter_program() {
    put(list, {0, 0, 0, programs, para_abi::user_code, arch::flag::if_, programs + 0x1800, para_abi::user_data});
    call({static_cast<u64>(Hypercall::iret), {}, list});
    REQUIRE_FALSE(monitor->guest().in_kernel);
  }
  void run(u64 instruction, u64 address) {
    arch::CpuState state = monitor->guest().cpu;
    state.rip = (monitor->guest().in_kernel ? ParaLab::code : programs) + instruction;
    state.gpr[arch::rbx] = address;
    CHECK_FALSE(go(state).has_value());
  }
  para_abi::UpcallFrame frame() {
    para_abi::UpcallFrame frame{};
    REQUIRE(
        machine->memory().read(Gpa(monitor->guest().cpu.gpr[arch::rsp]), std::as_writable_bytes(std::span(&frame, 1))));
    return frame;
  }

 private:
  static constexpr u64 pte_of(u64 place) { return pt + place / page_bytes * 8; }
};

struct Row {
  std::string what;
  bool program;
  u64 instruction, address;
  u64 error;
};

constexpr u64 p = arch::pf_error::present, w = arch::pf_error::write, u = arch::pf_error::user,
              fetch = arch::pf_error::fetch;
constexpr u64 hidden = ~u64{0} << 48 | u64{para_abi::hidden_slot} << 39;

const Row rows[] = {
    {"the kernel writes to a page that is read-only", false, write_at, read_only, p | w},
    {"the kernel writes to a page table", false, write_at, ParaLab::pt, p | w},
    {"the kernel writes where nothing is", false, write_at, absent, w},
    {"the kernel reads where nothing is", false, read_at, absent, 0},
    {"the kernel reads where no table is", false, read_at, u64{5} << 39, 0},
    {"the kernel jumps to where nothing may be run", false, jump_at, no_code, p | fetch},
    {"the kernel jumps to where nothing is", false, jump_at, absent, fetch},
    {"the kernel writes to the clock page", false, write_at, para_abi::clock_page, p | w},
    {"the kernel reads what is out of everybody's reach", false, read_at, programs + 0x3000, p},
    {"the kernel writes to a program's page that is read-only", false, write_at, programs + 0x2000, p | w},
    {"the kernel reads where its programs have nothing", false, read_at, programs + 0x5000, 0},
    {"the kernel reads in the hidden range", false, read_at, hidden, p},
    {"a program writes to the kernel's part", true, write_at, 0x63000, p | w | u},
    {"a program reads in the kernel's part", true, read_at, read_only, p | u},
    {"a program reads where the kernel has nothing", true, read_at, absent, u},
    {"a program writes where the kernel has no table", true, write_at, u64{5} << 39, w | u},
    {"a program jumps into the kernel", true, jump_at, ParaLab::code, p | u | fetch},
    {"a program reads the window", true, read_at, para_abi::shared_page, u},
    {"a program writes to the hidden range", true, write_at, hidden, w | u},
    {"a program writes to its page that is read-only", true, write_at, programs + 0x2000, p | w | u},
    {"a program reads what is out of everybody's reach", true, read_at, programs + 0x3000, p | u},
    {"a program jumps to where nothing may be run", true, jump_at, programs + 0x4000, p | u | fetch},
    {"a program reads where it has nothing", true, read_at, programs + 0x5000, u},
};

TEST_CASE("a page fault is told as the guest's own tables would have it") {
  for (const Row& row : rows) {
    CAPTURE(row.what);
    World world;
    if (row.program) world.enter_program();
    const u64 stack = world.monitor->guest().cpu.gpr[arch::rsp];
    world.run(row.instruction, row.address + 8);
    const technique::para::Guest& guest = world.monitor->guest();
    CHECK(guest.in_kernel);
    CHECK(guest.cpu.rip == handler);
    const auto frame = world.frame();
    CHECK(frame.vector == arch::vector::pf);
    CHECK(frame.error_code == row.error);
    CHECK(world.shared(offsetof(para_abi::SharedPage, fault_address)) == row.address + 8);
    const u64 code = row.program ? programs : ParaLab::code;
    CHECK(frame.rip == (row.instruction == jump_at ? row.address + 8 : code + row.instruction));
    CHECK(frame.code_selector == (row.program ? para_abi::user_code : para_abi::kernel_code));
    CHECK(frame.rsp == stack);
    CHECK(guest.cpu.gpr[arch::rsp] == (row.program ? kernel_stack : stack & ~u64{15}) - sizeof frame);
    CHECK(world.shared(offsetof(para_abi::SharedPage, events_off)) == 1);
    CHECK(((frame.rflags & arch::flag::if_) != 0) == row.program);  // events were open in the program
  }
}

TEST_CASE("other exceptions and system calls go to their own handlers") {
  World world;
  world.run(undefined_at, 0);
  CHECK(world.monitor->guest().cpu.rip == handler + 64);
  CHECK(world.frame().vector == arch::vector::ud);
  CHECK(world.frame().error_code == 0);
  world.enter_program();
  world.run(3, 0);  // SYSCALL
  CHECK(world.monitor->guest().in_kernel);
  CHECK(world.monitor->guest().cpu.rip == handler + 192);
  CHECK(world.frame().vector == para_abi::system_call_upcall);
  CHECK(world.monitor->guest().cpu.gpr[arch::rcx] == programs + 5);
}

TEST_CASE("a program that reaches for the kernel's memory changes none of it") {
  World world;
  world.put(0x63000 + 8, 77);
  world.enter_program();
  world.run(write_at, 0x63000 + 8);
  CHECK(world.get(0x63000 + 8) == 77);
  CHECK(world.frame().error_code == (p | w | u));
  World same;
  same.enter_program();
  arch::CpuState state = same.monitor->guest().cpu;
  state.rip = programs + write_at;
  state.gpr[arch::rbx] = programs + 0x1008;  // the same page, where it is the program's
  state.gpr[arch::r8] = 78;
  CHECK_FALSE(same.go(state).has_value());
  CHECK(same.get(0x63000 + 8) == 78);
}

TEST_CASE("a kernel that cannot be called ends the run, in one sentence that says what it must do") {
  {
    World world;
    arch::CpuState state = world.monitor->guest().cpu;
    state.rip = ParaLab::code + write_at;
    state.gpr[arch::rbx] = absent;
    state.gpr[arch::rsp] = absent + 0x800;
    const auto ending = world.go(state);
    REQUIRE(ending.has_value());
    CHECK(ending->outcome == trace::Outcome::triple_fault);
    CHECK(ending->sentence.find("stack_switch") != std::string::npos);
  }
  ParaLab bare;
  arch::CpuState state = bare.monitor->guest().cpu;
  state.rip = ParaLab::memory_bytes;  // nothing is there, and nobody has named a handler
  const auto ending = bare.go(state);
  REQUIRE(ending.has_value());
  CHECK(ending->outcome == trace::Outcome::triple_fault);
  CHECK(ending->sentence.find("set_trap_table") != std::string::npos);
}

}  // namespace
}  // namespace trapline::whole
