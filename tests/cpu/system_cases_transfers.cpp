// Far transfers, returns and system calls: SDM vol. 2 under each instruction's "Exceptions".
#include "cpu/system_cases.h"

namespace trapline::test {

namespace {

using Bytes = std::vector<u8>;
using namespace arch;

const Bytes jmp_far{0xff, 0x2b}, jmp_far64{0x48, 0xff, 0x2b}, call_far{0xff, 0x1b}, call_far64{0x48, 0xff, 0x1b},
    retf64{0x48, 0xcb}, retf64_16{0x48, 0xca, 0x10, 0x00}, iretq{0x48, 0xcf}, iretd{0xcf}, syscall{0x0f, 0x05},
    sysret64{0x48, 0x0f, 0x07}, sysret32{0x0f, 0x07}, sysenter{0x0f, 0x34}, sysexit64{0x48, 0x0f, 0x35},
    swapgs{0x0f, 0x01, 0xf8}, rdfsbase{0xf3, 0x48, 0x0f, 0xae, 0xc0}, wrgsbase{0xf3, 0x48, 0x0f, 0xae, 0xd8},
    wrfsbase32{0xf3, 0x0f, 0xae, 0xd0};

constexpr u64 not_canonical = 0x0000800000000000;

// A far pointer to `offset` (by default the end of the code) in the data page of the privilege level.
Arrange pointer(u16 selector, unsigned offset_bytes, u64 offset = 0) {
  return [=](World& world) {
    const u64 place = world.state.cpl() == 0 ? at::kernel_data : at::user_data;
    world.state.gpr[rbx] = place;
    world.put(place, offset ? offset : world.end_of_code(), offset_bytes);
    world.put(place + offset_bytes, selector, 2);
  };
}

struct Frame {
  u64 cs = sel::code0, ss = sel::data0, rip = 0, rsp = 0, rflags = 2;
};

Arrange stack_words(std::vector<u64> words) {
  return [=](World& world) {
    for (std::size_t index = 0; index < words.size(); ++index)
      world.put(world.state.gpr[rsp] + 8 * index, words[index]);
  };
}

// The frame of IRETQ; rip 0 stands for the end of the code, and a return to CPL 3 goes to a UD2 there.
Arrange iret_frame(Frame frame) {
  return [=](World& world) {
    const bool outer = (frame.cs & 3) == 3 && world.state.cpl() == 0;
    if (outer) world.put_bytes(at::user_code + 0x100, {0x0f, 0x0b});
    const u64 rip = frame.rip ? frame.rip : outer ? at::user_code + 0x100 : world.end_of_code();
    const u64 rsp = frame.rsp ? frame.rsp : outer ? at::user_stack - 0x200 : world.state.gpr[arch::rsp];
    stack_words({rip, frame.cs, frame.rflags, rsp, frame.ss})(world);
  };
}

void add_jumps(std::vector<Case>& cases) {
  const auto add = [&](const char* name, unsigned cpl, const Bytes& code, Arrange arrange, Outcome expected) {
    cases.push_back({name, cpl, code, std::move(arrange), expected});
  };
  add("JMP far", 0, jmp_far, pointer(sel::code0, 4), passes());
  add("JMP far m16:64", 0, jmp_far64, pointer(sel::code0, 8), passes());
  add("JMP far at CPL 3", 3, jmp_far, pointer(sel::code3, 4), passes());
  add("JMP far, conforming at CPL 3", 3, jmp_far, pointer(sel::conforming, 4), passes());
  add("JMP far, null", 0, jmp_far, pointer(3, 4), faults(13, 0));
  add("JMP far, beyond", 0, jmp_far, pointer(sel::beyond, 4), faults(13, sel::beyond));
  add("JMP far to data", 0, jmp_far, pointer(sel::data0, 4), faults(13, sel::data0));
  add("JMP far to a TSS", 0, jmp_far, pointer(sel::free_tss, 4), faults(13, sel::free_tss));
  add("JMP far, L and D", 0, jmp_far, pointer(sel::impossible_code, 4), faults(13, sel::impossible_code));
  add("JMP far, not present", 0, jmp_far, pointer(sel::absent_code, 4), faults(11, sel::absent_code));
  add("JMP far, DPL not CPL", 0, jmp_far, pointer(sel::code3 & ~3, 4), faults(13, sel::code3 & ~3));
  add("JMP far, RPL above CPL", 0, jmp_far, pointer(sel::code0 | 3, 4), faults(13, sel::code0));
  add("JMP far m16:64, not canonical", 0, jmp_far64, pointer(sel::code0, 8, not_canonical), faults(13, 0));
  add("JMP far to compatibility mode", 0, jmp_far, pointer(sel::code32, 4), is_named());
  add("JMP far through a call gate", 0, jmp_far, pointer(sel::gate0, 4), {Outcome::End::skipped, 0, 0, {}});
  add("JMP far through a gate to an inner level", 3, jmp_far, pointer(sel::gate3 | 3, 4), faults(13, sel::code0));
  add("CALL far", 0, call_far, pointer(sel::code0, 4), passes());
  add("CALL far m16:64", 0, call_far64, pointer(sel::code0, 8), passes());
  add("CALL far, bad stack", 0, call_far, both(pointer(sel::code0, 4), with({{rsp, at::absent_page + 0x800}})),
      shuts_down());
  add("CALL far, gate DPL below CPL", 3, call_far, pointer(sel::gate0 | 3, 4), faults(13, sel::gate0));
  add("CALL far, gate not present", 3, call_far, pointer(sel::absent_gate | 3, 4), faults(11, sel::absent_gate));
  add("CALL far through a gate to an inner level", 3, call_far, pointer(sel::gate3 | 3, 4),
      {Outcome::End::skipped, 0, 0, {}});
}

void add_returns(std::vector<Case>& cases) {
  const auto add = [&](const char* name, unsigned cpl, const Bytes& code, Arrange arrange, Outcome expected) {
    cases.push_back({name, cpl, code, std::move(arrange), expected});
  };
  const u64 user_target = at::user_code + 0x100;
  const u64 end0 = at::kernel_code + 2;
  add("RET far", 0, retf64, stack_words({end0, sel::code0}), passes());
  add("RET far, null CS", 0, retf64, stack_words({end0, 0}), faults(13, 0));
  add("RET far, beyond", 0, retf64, stack_words({end0, sel::beyond}), faults(13, sel::beyond));
  add("RET far to data", 0, retf64, stack_words({end0, sel::data0}), faults(13, sel::data0));
  add("RET far to an inner level", 3, retf64, stack_words({end0, sel::code0}), faults(13, sel::code0));
  add("RET far, not present", 0, retf64, stack_words({end0, sel::absent_code}), faults(11, sel::absent_code));
  add("RET far, not canonical", 0, retf64, stack_words({not_canonical, sel::code0}), faults(13, 0));
  add("RET far to CPL 3", 0, retf64, stack_words({user_target, sel::code3, at::user_stack - 0x200, sel::data3}),
      faults(6));
  add("RET far 16 to CPL 3", 0, retf64_16,
      stack_words({user_target, sel::code3, 0, 0, at::user_stack - 0x200, sel::data3}), faults(6));
  add("RET far to CPL 3, null SS", 0, retf64, stack_words({user_target, sel::code3, at::user_stack, 0}), faults(13, 0));
  add("RET far to CPL 3, SS of level 0", 0, retf64, stack_words({user_target, sel::code3, at::user_stack, sel::data0}),
      faults(13, sel::data0));
  add("RET far to compatibility mode", 0, retf64, stack_words({end0, sel::code32}), is_named());
  for (Case& situation : cases)
    if (situation.name.find("to CPL 3") != std::string::npos)
      situation.arrange = both(situation.arrange, [=](World& w) { w.put_bytes(user_target, {0x0f, 0x0b}); });
}

void add_interrupt_returns(std::vector<Case>& cases) {
  const auto add = [&](const char* name, unsigned cpl, const Bytes& code, Arrange arrange, Outcome expected) {
    cases.push_back({name, cpl, code, std::move(arrange), expected});
  };
  const auto nested_task = [](World& world) { world.state.rflags |= flag::nt; };
  add("IRETQ", 0, iretq, iret_frame({}), passes());
  add("IRETQ loads flags at CPL 0", 0, iretq, iret_frame({.rflags = 0x243ed7}), passes());
  add("IRETQ, null SS at CPL 0", 0, iretq, iret_frame({.ss = 0}), passes());
  add("IRETQ with NT", 0, iretq, both(iret_frame({}), nested_task), faults(13, 0));
  add("IRETQ, null CS", 0, iretq, iret_frame({.cs = 2}), faults(13, 0));
  add("IRETQ, beyond", 0, iretq, iret_frame({.cs = sel::beyond}), faults(13, sel::beyond));
  add("IRETQ to data", 0, iretq, iret_frame({.cs = sel::data0}), faults(13, sel::data0));
  add("IRETQ, not present", 0, iretq, iret_frame({.cs = sel::absent_code}), faults(11, sel::absent_code));
  add("IRETQ, L and D", 0, iretq, iret_frame({.cs = sel::impossible_code}), faults(13, sel::impossible_code));
  add("IRETQ, RPL above DPL", 0, iretq, iret_frame({.cs = sel::code0 | 3, .ss = sel::data3}), faults(13, sel::code0));
  add("IRETQ to CPL 3", 0, iretq, iret_frame({.cs = sel::code3, .ss = sel::data3, .rflags = 0x202}), faults(6));
  add("IRETQ to CPL 3 drops DS", 0, iretq, iret_frame({.cs = sel::code3, .ss = sel::data3}), faults(6));
  add("IRETQ to CPL 3, null SS", 0, iretq, iret_frame({.cs = sel::code3, .ss = 3}), faults(13, 0));
  add("IRETQ to CPL 3, SS of level 0", 0, iretq, iret_frame({.cs = sel::code3, .ss = sel::data0}),
      faults(13, sel::data0));
  add("IRETQ to CPL 3, SS RPL 0", 0, iretq, iret_frame({.cs = sel::code3, .ss = sel::data3 & ~3}),
      faults(13, sel::data3 & ~3));
  add("IRETQ, SS not present", 0, iretq, iret_frame({.ss = sel::absent_data}), faults(12, sel::absent_data));
  add("IRETQ, SS read-only", 0, iretq, iret_frame({.ss = sel::read_only}), faults(13, sel::read_only));
  add("IRETQ, RIP not canonical", 0, iretq, iret_frame({.rip = not_canonical}), faults(13, 0));
  add("IRETQ at CPL 3 stays there", 3, iretq, iret_frame({.cs = sel::code3, .ss = sel::data3, .rflags = 0x3ad7}),
      passes());
  add("IRETQ to an inner level", 3, iretq, iret_frame({}), faults(13, sel::code0));
  add("IRETQ, frame on an absent page", 0, iretq, with({{rsp, at::absent_page}}), faults(14, 0));
  add("IRETQ to compatibility mode", 0, iretq, iret_frame({.cs = sel::code32}), is_named());
  add(
      "IRETD pops four-byte words", 0, iretd,
      [](World& world) {
        const u32 words[5] = {static_cast<u32>(world.end_of_code()), sel::code0, 2, at::kernel_stack - 0x200,
                              sel::data0};
        for (unsigned index = 0; index < 5; ++index) world.put(world.state.gpr[rsp] + 4 * index, words[index], 4);
      },
      passes());
}

void add_system_calls(std::vector<Case>& cases) {
  const auto add = [&](const char* name, unsigned cpl, const Bytes& code, Arrange arrange, Outcome expected) {
    cases.push_back({name, cpl, code, std::move(arrange), expected});
  };
  const auto no_sce = [](World& world) { world.state.efer &= ~efer::sce; };
  const auto user_landing = [](World& world) {
    world.put_bytes(at::user_code + 0x100, {0x0f, 0x0b});
    world.state.gpr[rcx] = at::user_code + 0x100;
    world.state.gpr[rdx] = at::user_code + 0x100;
    world.state.gpr[r11] = 0x3ad7;
  };
  add(
      "SYSCALL", 3, syscall, [](World& w) { w.state.rflags |= flag::if_ | flag::df; }, faults(255));
  add("SYSCALL at CPL 0", 0, syscall, {}, faults(255));
  add("SYSCALL without SCE", 3, syscall, no_sce, faults(6));
  add("SYSRET", 0, sysret64, user_landing, faults(6));
  add("SYSRET at CPL 3", 3, sysret64, user_landing, faults(13, 0));
  add("SYSRET without SCE", 0, sysret64, both(user_landing, no_sce), faults(6));
  add("SYSRET, RCX not canonical", 0, sysret64, with({{rcx, not_canonical}}), faults(13, 0));
  add("SYSRET to compatibility mode", 0, sysret32, user_landing, is_named());
  add("SYSENTER without CS", 3, sysenter, {}, faults(13, 0));
  add(
      "SYSENTER", 3, sysenter,
      [](World& w) {
        w.state.sysenter_cs = sel::code0;
        w.state.sysenter_esp = at::kernel_stack;
        w.state.sysenter_eip = at::handlers + 0xfe0;
      },
      faults(254));
  add("SYSEXIT", 0, sysexit64,
      both(user_landing, [](World& w) { w.state.sysenter_cs = sel::code0, w.state.gpr[rcx] = at::user_stack; }),
      faults(6));
  add(
      "SYSEXIT at CPL 3", 3, sysexit64, [](World& w) { w.state.sysenter_cs = sel::code0; }, faults(13, 0));
  add(
      "SWAPGS", 0, swapgs, [](World& w) { w.state.kernel_gs_base = 0x1234567; }, passes());
  add("SWAPGS at CPL 3", 3, swapgs, {}, faults(13, 0));
  const auto on = [](World& w) { w.state.cr4 |= cr4::fsgsbase; };
  add("RDFSBASE", 3, rdfsbase, both(on, [](World& w) { w.state.segments[fs].base = 0xffff800000001000; }), passes());
  add("RDFSBASE without CR4.FSGSBASE", 3, rdfsbase, {}, faults(6));
  add("WRGSBASE", 3, wrgsbase, both(on, with_rax(0x7fffffffffff)), passes());
  add("WRGSBASE, not canonical", 3, wrgsbase, both(on, with_rax(not_canonical)), faults(13, 0));
  add("WRFSBASE of 32 bits", 3, wrfsbase32, both(on, with_rax(0xffff8000deadbeef)), passes());
}

}  // namespace

const std::vector<Case>& transfer_cases() {
  static const std::vector<Case> cases = [] {
    std::vector<Case> result;
    add_returns(result);
    add_jumps(result);
    add_interrupt_returns(result);
    add_system_calls(result);
    return result;
  }();
  return cases;
}

}  // namespace trapline::test
