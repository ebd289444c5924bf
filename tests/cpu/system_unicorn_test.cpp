// The cases on Unicorn (QEMU's software CPU): it runs at CPL 0 what no software KVM and no host process may. It does
// not deliver through an IDT: what a fault is compared by is its vector; what completes is compared by registers,
// segments and memory.
#include <doctest/doctest.h>

#include "cpu/system_cases.h"
#include "cpu/system_machine.h"

#ifdef TRAPLINE_HAS_UNICORN
#include <algorithm>
#include <memory>
#include <unicorn/unicorn.h>

namespace trapline::test {

namespace {

constexpr u64 bootstrap = at::kernel_code + 0xc00;

struct Engine {
  uc_engine* handle = nullptr;
  int vector = -1;
  Engine() { uc_open(UC_ARCH_X86, UC_MODE_64, &handle); }
  ~Engine() { uc_close(handle); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  void set(int number, u64 value) { uc_reg_write(handle, number, &value); }
  u64 get(int number) {
    u64 value = 0;
    uc_reg_read(handle, number, &value);
    return value;
  }
  void set_msr(u32 index, u64 value) {
    uc_x86_msr msr{index, value};
    uc_reg_write(handle, UC_X86_REG_MSR, &msr);
  }
  void set_table(int number, u16 selector, u64 base, u32 limit, u32 flags) {
    uc_x86_mmr table{selector, base, limit, flags};
    uc_reg_write(handle, number, &table);
  }
};

constexpr int gprs[16] = {UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX,
                          UC_X86_REG_RSP, UC_X86_REG_RBP, UC_X86_REG_RSI, UC_X86_REG_RDI,
                          UC_X86_REG_R8,  UC_X86_REG_R9,  UC_X86_REG_R10, UC_X86_REG_R11,
                          UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15};
constexpr int segments[6] = {UC_X86_REG_ES, UC_X86_REG_CS, UC_X86_REG_SS, UC_X86_REG_DS, UC_X86_REG_FS, UC_X86_REG_GS};

void on_interrupt(uc_engine* handle, uint32_t number, void* engine) {
  static_cast<Engine*>(engine)->vector = static_cast<int>(number);
  uc_emu_stop(handle);
}

void set_registers(Engine& engine, const arch::CpuState& state) {
  engine.set_table(UC_X86_REG_GDTR, 0, state.gdtr.base, state.gdtr.limit, 0);
  engine.set_table(UC_X86_REG_IDTR, 0, state.idtr.base, state.idtr.limit, 0);
  engine.set_table(UC_X86_REG_TR, state.tr.selector, state.tr.base, state.tr.limit, state.tr.access_rights << 8);
  if (!state.ldtr.unusable())
    engine.set_table(UC_X86_REG_LDTR, state.ldtr.selector, state.ldtr.base, state.ldtr.limit, 0x8200);
  engine.set(UC_X86_REG_CR3, state.cr3);
  engine.set(UC_X86_REG_CR4, state.cr4);
  engine.set_msr(0xc0000080, state.efer);
  engine.set(UC_X86_REG_CR0, state.cr0);
  engine.set_msr(0xc0000081, state.star);
  engine.set_msr(0xc0000082, state.lstar);
  engine.set_msr(0xc0000084, state.sfmask);
  engine.set_msr(0xc0000102, state.kernel_gs_base);
  engine.set_msr(0x174, state.sysenter_cs);
  engine.set_msr(0x175, state.sysenter_esp);
  engine.set_msr(0x176, state.sysenter_eip);
}

// Unicorn starts at CPL 0; its own MOV Sreg and IRETQ bring it to the case's privilege level.
bool reach_start(Engine& engine, const World& world) {
  const arch::CpuState& state = world.state;
  const u16 data = state.segments[arch::ds].selector;
  const u64 frame = at::kernel_stack - 0x800;
  const std::vector<u8> code{0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xe0, 0x8e, 0xe8, 0x48, 0xcf};
  const u64 words[5] = {state.rip, state.segments[arch::cs].selector, state.rflags, state.gpr[arch::rsp],
                        state.segments[arch::ss].selector};
  uc_mem_write(engine.handle, bootstrap, code.data(), code.size());
  uc_mem_write(engine.handle, frame, words, sizeof words);
  engine.set(UC_X86_REG_RAX, data);
  engine.set(UC_X86_REG_RSP, frame);
  if (uc_emu_start(engine.handle, bootstrap, state.rip, 0, 10) != UC_ERR_OK || engine.vector >= 0) return false;
  uc_mem_write(engine.handle, 0, world.memory.data(), world.memory.size());
  for (unsigned number = 0; number < 16; ++number) engine.set(gprs[number], state.gpr[number]);
  engine.set_msr(0xc0000100, state.segments[arch::fs].base);
  engine.set_msr(0xc0000101, state.segments[arch::gs].base);
  return engine.get(UC_X86_REG_RIP) == state.rip;
}

// Where this Unicorn does not do what the manual says; KVM answers for many of them.
const std::vector<Exempt>& known() {
  static const std::vector<Exempt> list = {
      {"it leaves out the check",
       {"*not canonical", "MOV SS, null with RPL 3*", "LTR null", "* L and D", "IRETQ, SS not present", "MOV CR0, *",
        "MOV CR3, b*", "MOV CR4, *", "MOV CR8, reserved", "MOV DR6, upper*", "MOV DR7, upper*", "MOV DR with GD",
        "*reserved", "WRMSR FMASK*", "WRMSR TSC_AUX*", "WRMSR EFER, LME*", "*no such MSR"}},
      {"it has no ports, clock or such instructions of its own, or takes them over",
       {"SYSCALL*", "SYSRET*", "SYSENTER*", "SYSEXIT*", "IN *", "OUT *", "INS*", "REP *", "RDTSC*", "RDPMC*", "RDMSR",
        "INVPCID*", "MONITOR*", "RDFSBASE", "WRGSBASE*", "WRFSBASE*", "* with UMIP"}},
      {"it looks at the privilege before the register number; a real processor does not", {"MOV CR5 at CPL 3*"}},
  };
  return list;
}

struct Answer {
  bool started = false;
  int vector = -1;  // of the fault, or -1
  World after;
};

Answer ask_unicorn(const World& world, u64 stop_at) {
  Answer answer;
  Engine engine;
  uc_hook hook = 0;
  uc_hook_add(engine.handle, &hook, UC_HOOK_INTR, reinterpret_cast<void*>(on_interrupt), &engine, 1, 0);
  uc_mem_map(engine.handle, 0, world_bytes, UC_PROT_ALL);
  uc_mem_write(engine.handle, 0, world.memory.data(), world.memory.size());
  set_registers(engine, world.state);
  answer.started = reach_start(engine, world);
  if (!answer.started) return answer;
  const uc_err error = uc_emu_start(engine.handle, world.state.rip, stop_at, 0, 1);
  answer.vector = engine.vector;
  if (error == UC_ERR_INSN_INVALID) answer.vector = 6;
  if (error == UC_ERR_EXCEPTION && answer.vector < 0) answer.started = false;
  answer.after = world;
  uc_mem_read(engine.handle, 0, answer.after.memory.data(), world_bytes);
  for (unsigned number = 0; number < 16; ++number) answer.after.state.gpr[number] = engine.get(gprs[number]);
  answer.after.state.rip = engine.get(UC_X86_REG_RIP);
  answer.after.state.rflags = engine.get(UC_X86_REG_EFLAGS);
  for (unsigned index = 0; index < 6; ++index)
    answer.after.state.segments[index].selector = static_cast<u16>(engine.get(segments[index]));
  answer.after.state.segments[arch::fs].base = engine.get(UC_X86_REG_FS_BASE);
  answer.after.state.segments[arch::gs].base = engine.get(UC_X86_REG_GS_BASE);
  return answer;
}

std::string difference(const World& ours, const World& theirs) {
  for (unsigned number = 0; number < 16; ++number)
    if (ours.state.gpr[number] != theirs.state.gpr[number]) return "register " + std::to_string(number);
  if (ours.state.rip != theirs.state.rip) return "rip";
  if (ours.state.rflags != theirs.state.rflags) return "rflags";
  for (unsigned index = 0; index < 6; ++index) {
    if (ours.state.segments[index].selector != theirs.state.segments[index].selector)
      return "selector " + std::to_string(index);
    if (index >= arch::fs && ours.state.segments[index].base != theirs.state.segments[index].base)
      return "base " + std::to_string(index);
  }
  for (u64 address = at::gdt; address < world_bytes; ++address)
    if (ours.memory[address] != theirs.memory[address]) return "memory at " + std::to_string(address);
  return {};
}

// One instruction here: where it went, or the first exception that it met.
void compare_one(const Case& situation, unsigned& compared, unsigned& left_out) {
  if (is_exempt(known(), situation.name)) {
    ++left_out;
    return;
  }
  const World world = world_of(situation);
  SystemMachine machine(world);
  machine.exception_intercepts = [](const arch::Fault&, const arch::Delivery&) { return true; };
  const cpu::Stop stop = machine.cpu.run(1);
  const int vector = stop == cpu::Stop::vm_exit ? machine.exceptions.back().vector : -1;
  const Answer answer = ask_unicorn(world, vector < 0 ? machine.cpu.rip() : 1);  // 1: nowhere
  if (!answer.started || stop == cpu::Stop::not_implemented) {
    ++left_out;
    return;
  }
  ++compared;
  CHECK_MESSAGE(vector == answer.vector, situation.name);
  if (vector < 0 && answer.vector < 0) CHECK_MESSAGE(difference(machine.after(), answer.after) == "", situation.name);
}

}  // namespace

TEST_CASE("Unicorn agrees with the tables of cases") {
  unsigned compared = 0, left_out = 0;
  for (const auto* cases : {&segment_cases(), &transfer_cases(), &control_cases()})
    for (const Case& situation : *cases) compare_one(situation, compared, left_out);
  MESSAGE("compared with Unicorn: ", compared, ", left out: ", left_out);
  CHECK(compared > 100);
}

}  // namespace trapline::test
#else
TEST_CASE("Unicorn agrees with the tables of cases") { MESSAGE("skipped: built without libunicorn-dev"); }
#endif
