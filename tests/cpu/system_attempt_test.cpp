// What the pins are told of a sensitive instruction: every detail that a VM exit reports, with the instruction-
// information field as SDM vol. 3 "VM-Exit Instruction-Information Field" lays it out (the expected numbers were put
// together by hand from its tables), and that an exit leaves everything as before.
#include <doctest/doctest.h>

#include "cpu/system_cases.h"
#include "cpu/system_machine.h"

namespace trapline::test {

namespace {

using namespace arch;
using cpu::Attempt;
using cpu::Sensitive;

struct Told {
  const char* name;
  std::vector<u8> code;
  Attempt expected;
  u64 rax = 0x1234, rbx = at::kernel_data, rcx = 2, rdx = 0x3f8;
};

Attempt told(Sensitive what, u8 length) {
  Attempt attempt{what};
  attempt.length = length;
  return attempt;
}
template <typename Change>
Attempt told(Sensitive what, u8 length, Change change) {
  Attempt attempt = told(what, length);
  change(attempt);
  return attempt;
}

// [rbx]: no index (bit 22), base 3 (26:23), 64-bit addresses (9:7 = 2), DS (17:15 = 3).
constexpr u32 at_rbx = 2 << 7 | 3 << 15 | 1 << 22 | 3 << 23;
// [rip + d]: neither index nor base.
constexpr u32 at_rip = 2 << 7 | 3 << 15 | 1 << 22 | 1 << 27;
// fs:[ebx + ecx * 4 + 8]: scale 2, 32-bit addresses, FS, index 1, base 3.
constexpr u32 at_fs_index = 2 | 1 << 7 | 4 << 15 | 1 << 18 | 3 << 23;

Attempt memory(Attempt attempt, u64 linear, u64 displacement, u32 information) {
  attempt.from_memory = true;
  attempt.linear = linear;
  attempt.displacement = displacement;
  attempt.instruction_information = information;
  return attempt;
}

std::vector<Told> plain_ones() {
  return {
      {"CPUID", {0x0f, 0xa2}, told(Sensitive::cpuid, 2)},
      {"HLT", {0xf4}, told(Sensitive::hlt, 1)},
      {"RDTSC", {0x0f, 0x31}, told(Sensitive::rdtsc, 2)},
      {"RDTSCP", {0x0f, 0x01, 0xf9}, told(Sensitive::rdtscp, 3)},
      {"RDPMC", {0x0f, 0x33}, told(Sensitive::rdpmc, 2)},
      {"INVD", {0x0f, 0x08}, told(Sensitive::invd, 2)},
      {"WBINVD", {0x0f, 0x09}, told(Sensitive::wbinvd, 2)},
      {"PAUSE", {0xf3, 0x90}, told(Sensitive::pause, 2)},
      {"CLTS", {0x0f, 0x06}, told(Sensitive::clts, 2)},
      {"SYSCALL", {0x0f, 0x05}, told(Sensitive::syscall, 2)},
      {"RDMSR", {0x0f, 0x32}, told(Sensitive::rdmsr, 2, [](Attempt& a) { a.msr = 2; })},
      {"WRMSR", {0x0f, 0x30}, told(Sensitive::wrmsr, 2, [](Attempt& a) { a.msr = 2, a.value = 0x3f800001234; })},
      {"VMCALL", {0x0f, 0x01, 0xc1}, told(Sensitive::vmx_instruction, 3, [](Attempt& a) { a.number = 18; })},
      {"VMXOFF", {0x0f, 0x01, 0xc4}, told(Sensitive::vmx_instruction, 3, [](Attempt& a) { a.number = 26; })},
      {"MOV CR3, RDX",
       {0x0f, 0x22, 0xda},
       told(Sensitive::mov_to_cr, 3, [](Attempt& a) { a.number = 3, a.gpr = 2, a.value = 0x3f8; })},
      {"MOV R9, CR8",
       {0x45, 0x0f, 0x20, 0xc1},
       told(Sensitive::mov_from_cr, 4, [](Attempt& a) { a.number = 8, a.gpr = 9; })},
      {"MOV DR7, RCX", {0x0f, 0x23, 0xf9}, told(Sensitive::mov_dr, 3, [](Attempt& a) { a.number = 7, a.gpr = 1; })},
      {"MOV RSI, DR6",
       {0x0f, 0x21, 0xf6},
       told(Sensitive::mov_dr, 3, [](Attempt& a) { a.number = 6, a.gpr = 6, a.from_register = true; })},
      {"LMSW AX", {0x0f, 0x01, 0xf0}, told(Sensitive::lmsw, 3, [](Attempt& a) { a.value = 0x1234; })},
      {"LLDT CX",
       {0x0f, 0x00, 0xd1},
       told(Sensitive::lldt, 3, [](Attempt& a) { a.gpr = 1, a.instruction_information = 1 << 3 | 1 << 10 | 2 << 28; })},
      {"STR EDX",
       {0x0f, 0x00, 0xca},
       told(Sensitive::str, 3, [](Attempt& a) { a.gpr = 2, a.instruction_information = 2 << 3 | 1 << 10 | 1 << 28; })},
      {"VMREAD RBX, RAX",
       {0x0f, 0x78, 0xc3},
       told(Sensitive::vmx_instruction, 3,
            [](Attempt& a) { a.number = 23, a.instruction_information = 3 << 3 | 1 << 10; })},
      {"VMWRITE RCX, RDX",
       {0x0f, 0x79, 0xca},
       told(Sensitive::vmx_instruction, 3,
            [](Attempt& a) { a.number = 25, a.gpr = 1, a.instruction_information = 2 << 3 | 1 << 10 | 1 << 28; })},
  };
}

std::vector<Told> port_ones() {
  const auto port = [](u16 number, u8 size, u64 value) {
    return [=](Attempt& a) { a.number = number, a.size = size, a.value = value; };
  };
  std::vector<Told> list = {
      {"IN AL, DX", {0xec}, told(Sensitive::in, 1, port(0x3f8, 1, 0))},
      {"IN EAX, 0x60", {0xe5, 0x60}, told(Sensitive::in, 2, port(0x60, 4, 0))},
      {"OUT DX, AX", {0x66, 0xef}, told(Sensitive::out, 2, port(0x3f8, 2, 0x1234))},
      {"OUT 0x80, AL", {0xe6, 0x80}, told(Sensitive::out, 2, port(0x80, 1, 0x34))},
  };
  list[1].expected.immediate_port = list[3].expected.immediate_port = true;
  Attempt ins = memory(told(Sensitive::ins, 2, port(0x3f8, 4, 0)), at::kernel_data, 0, 2 << 7 | 0 << 15);
  ins.repeated = true;
  list.push_back({"REP INSD", {0xf3, 0x6d}, ins});
  const Attempt outs = memory(told(Sensitive::outs, 2, port(0x3f8, 1, 0)), at::kernel_data, 0, 2 << 7 | 4 << 15);
  list.push_back({"OUTSB from FS", {0x64, 0x6e}, outs});
  return list;
}

std::vector<Told> memory_ones() {
  const u64 rbx = at::kernel_data;
  std::vector<Told> list = {
      {"INVLPG [RBX]", {0x0f, 0x01, 0x3b}, memory(told(Sensitive::invlpg, 3), rbx, 0, at_rbx)},
      {"SGDT [RBX]", {0x0f, 0x01, 0x03}, memory(told(Sensitive::sgdt, 3), rbx, 0, at_rbx)},
      {"SIDT [RBX+16]", {0x0f, 0x01, 0x4b, 0x10}, memory(told(Sensitive::sidt, 4), rbx + 16, 16, at_rbx | 1 << 28)},
      {"LGDT [RIP+0x100]",
       {0x0f, 0x01, 0x15, 0x00, 0x01, 0x00, 0x00},
       memory(told(Sensitive::lgdt, 7), at::kernel_code + 0x107, at::kernel_code + 0x107, at_rip | 2 << 28)},
      {"LIDT FS:[EBX+ECX*4+8]",
       {0x64, 0x67, 0x0f, 0x01, 0x5c, 0x8b, 0x08},
       memory(told(Sensitive::lidt, 7), rbx + 16, 8, at_fs_index | 3U << 28)},
      {"LTR [RBX]", {0x0f, 0x00, 0x1b}, memory(told(Sensitive::ltr, 3), rbx, 0, at_rbx | 3U << 28)},
      {"VMPTRLD [RBX]",
       {0x0f, 0xc7, 0x33},
       memory(told(Sensitive::vmx_instruction, 3, [](Attempt& a) { a.number = 21; }), rbx, 0, at_rbx)},
      {"VMXON [RBX]",
       {0xf3, 0x0f, 0xc7, 0x33},
       memory(told(Sensitive::vmx_instruction, 4, [](Attempt& a) { a.number = 27; }), rbx, 0, at_rbx)},
      {"INVEPT RCX, [RBX]",
       {0x66, 0x0f, 0x38, 0x80, 0x0b},
       memory(told(Sensitive::vmx_instruction, 5, [](Attempt& a) { a.number = 50, a.gpr = 1; }), rbx, 0,
              at_rbx | 1 << 28)},
      {"INVPCID RDX, [RBX]",
       {0x66, 0x0f, 0x38, 0x82, 0x13},
       memory(told(Sensitive::invpcid, 5, [](Attempt& a) { a.gpr = 2; }), rbx, 0, at_rbx | 2 << 28)},
      {"SMSW [RBX]", {0x0f, 0x01, 0x23}, memory(told(Sensitive::smsw, 3), rbx, 0, at_rbx)},
      {"VMREAD [RBX], R10",
       {0x44, 0x0f, 0x78, 0x13},
       memory(told(Sensitive::vmx_instruction, 4, [](Attempt& a) { a.number = 23, a.gpr = 10; }), rbx, 0,
              at_rbx | 10U << 28)},
  };
  return list;
}

bool same(const Attempt& left, const Attempt& right) {
  return left.what == right.what && left.length == right.length && left.gpr == right.gpr &&
         left.number == right.number && left.msr == right.msr && left.size == right.size &&
         left.repeated == right.repeated && left.immediate_port == right.immediate_port &&
         left.from_memory == right.from_memory && left.from_register == right.from_register &&
         left.linear == right.linear && left.displacement == right.displacement && left.value == right.value &&
         left.instruction_information == right.instruction_information;
}

void run(const Told& one) {
  World world;
  world.set_code(0, one.code);
  world.state.gpr[rax] = one.rax;
  world.state.gpr[rbx] = world.state.gpr[rsi] = world.state.gpr[rdi] = one.rbx;
  world.state.gpr[rcx] = one.rcx;
  world.state.gpr[rdx] = one.rdx;
  SystemMachine machine(world);
  machine.intercepts = [](const Attempt&) { return true; };
  INFO(std::string(one.name));
  CHECK(machine.cpu.run(10) == cpu::Stop::vm_exit);
  REQUIRE(machine.attempts.size() == 1);
  const Attempt& seen = machine.attempts[0];
  CAPTURE(seen.instruction_information);
  CAPTURE(seen.linear);
  CAPTURE(seen.displacement);
  CAPTURE(seen.value);
  CHECK(same(seen, one.expected));
  CHECK(machine.after().state == world.state);
  CHECK(machine.cpu.retired() == 0);
}

}  // namespace

TEST_CASE("the pins are told every detail of a sensitive instruction, and an exit changes nothing") {
  for (const auto& list : {plain_ones(), port_ones(), memory_ones()})
    for (const Told& one : list) run(one);
}

TEST_CASE("faults of privilege come before the exit, faults of values after it") {
  struct Order {
    std::vector<u8> code;
    unsigned cpl;
    bool exits;
  };
  const Order orders[] = {
      {{0x0f, 0x32}, 3, false},        // RDMSR at CPL 3: #GP
      {{0x0f, 0x22, 0xc0}, 3, false},  // MOV CR0 at CPL 3
      {{0x0f, 0x22, 0xc8}, 0, false},  // MOV CR1: #UD
      {{0xe4, 0x60}, 3, false},        // IN denied by the map
      {{0xe4, 0x20}, 3, true},         // IN allowed by it
      {{0x0f, 0x30}, 0, true},         // WRMSR of an MSR that does not exist
      {{0x0f, 0x22, 0xd8}, 0, true},   // MOV CR3 of reserved bits
      {{0x0f, 0x01, 0xf9}, 3, true},   // RDTSCP
      {{0x0f, 0x01, 0xd1}, 0, false},  // XSETBV without OSXSAVE: #UD
      {{0x0f, 0x00, 0xd0}, 0, true},   // LLDT of a bad selector
      {{0x0f, 0x01, 0xc1}, 3, true},   // VMCALL exits at any CPL
  };
  for (const Order& order : orders) {
    World world;
    world.set_code(order.cpl, order.code);
    world.state.gpr[rax] = ~0ULL;
    world.state.gpr[rcx] = 0x12345678;
    SystemMachine machine(world);
    machine.intercepts = [](const Attempt&) { return true; };
    const bool exits = machine.cpu.run(1, 1) == cpu::Stop::vm_exit && !machine.attempts.empty();
    CHECK_MESSAGE(exits == order.exits, int(order.code[0]), " ", int(order.code[1]));
  }
}

TEST_CASE("each REP iteration asks again, and an exit in the middle keeps what is done") {
  World world;
  world.set_code(0, {0xf3, 0x6e});  // REP OUTSB
  world.state.gpr[rcx] = 5;
  world.state.gpr[rsi] = at::kernel_data;
  SystemMachine machine(world);
  machine.intercepts = [&](const Attempt&) { return machine.attempts.size() == 4; };
  CHECK(machine.cpu.run(10) == cpu::Stop::vm_exit);
  CHECK(machine.written_ports.size() == 3);
  CHECK(machine.cpu.gpr(rcx) == 2);
  CHECK(machine.cpu.gpr(rsi) == at::kernel_data + 3);
  CHECK(machine.cpu.rip() == world.state.rip);
  machine.intercepts = {};
  CHECK(machine.run() == passes());
  CHECK(machine.written_ports.size() == 5);
}

}  // namespace trapline::test
