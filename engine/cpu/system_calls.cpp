// Fast system calls and the FS and GS bases: SYSCALL SYSRET SYSENTER SYSEXIT SWAPGS, RDFSBASE and its family.
//
// SDM vol. 2 under each name; vol. 3, "Fast System Calls in 64-Bit Mode". CS and SS get fixed contents, not those of a
// descriptor. Returns to compatibility mode are not implemented, and say so.
#include "cpu/system_support.h"

namespace trapline::cpu {

namespace {

using namespace arch;

constexpr Segment flat_code(u16 selector, u8 dpl) {
  return {selector, static_cast<u32>(0xa09b | dpl << 5), 0xffffffff, 0};
}
constexpr Segment flat_stack(u16 selector, u8 dpl) {
  return {selector, static_cast<u32>(0xc093 | dpl << 5), 0xffffffff, 0};
}

void enter_level(Cpu& cpu, u16 code, u16 stack, u8 cpl) {
  cpu.system.segments[cs] = flat_code(code, cpl);
  cpu.system.segments[ss] = flat_stack(stack, cpl);
  cpu.mode_changed();
}

const Op* syscall(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  CpuState& state = cpu.system;
  if (!(state.efer & efer::sce)) return conclude(cpu, op, fail_ud(cpu));
  if (const Step step = ask(cpu, attempt_of(op, Sensitive::syscall)); step != Step::done)
    return conclude(cpu, op, step);
  cpu.gpr(rcx) = next_rip(cpu, op);
  cpu.gpr(r11) = cpu.rflags();
  const u16 base = bits(state.star, 47, 32);
  enter_level(cpu, base & 0xfffc, static_cast<u16>(base + 8), 0);
  cpu.set_rflags(cpu.rflags() & ~state.sfmask);
  return finish_at(cpu, op, state.lstar);
}

const Op* sysret(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  CpuState& state = cpu.system;
  if (!(state.efer & efer::sce)) return conclude(cpu, op, fail_ud(cpu));
  if (cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  if (op->operand_size != 8) return not_implemented(cpu, op);  // to compatibility mode
  const u64 target = cpu.gpr(rcx);
  if (!is_canonical(target)) return conclude(cpu, op, fail_gp(cpu));
  const u16 base = bits(state.star, 63, 48);
  const u64 flags = cpu.gpr(r11);
  enter_level(cpu, static_cast<u16>(base + 16) | 3, static_cast<u16>(base + 8) | 3, 3);
  cpu.set_rflags((flags & 0x3c7fd7) | flag::always_one);
  return finish_at(cpu, op, target);
}

const Op* sysenter(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  CpuState& state = cpu.system;
  const u16 base = state.sysenter_cs & 0xfffc;
  if (base == 0) return conclude(cpu, op, fail_gp(cpu));
  enter_level(cpu, base, static_cast<u16>(base + 8), 0);
  cpu.set_rflags(cpu.rflags() & ~(flag::vm | flag::if_));
  cpu.gpr(rsp) = state.sysenter_esp;
  return finish_at(cpu, op, state.sysenter_eip);
}

const Op* sysexit(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  const u16 base = cpu.system.sysenter_cs & 0xfffc;
  if (base == 0 || cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  if (op->operand_size != 8) return not_implemented(cpu, op);  // to compatibility mode
  const u64 target = cpu.gpr(rdx), stack = cpu.gpr(rcx);
  if (!is_canonical(target) || !is_canonical(stack)) return conclude(cpu, op, fail_gp(cpu));
  enter_level(cpu, static_cast<u16>(base + 32) | 3, static_cast<u16>(base + 40) | 3, 3);
  cpu.gpr(rsp) = stack;
  return finish_at(cpu, op, target);
}

const Op* swapgs(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  std::swap(cpu.system.segments[gs].base, cpu.system.kernel_gs_base);
  cpu.mode_changed();
  return finish(cpu, op);
}

template <SegmentRegister segment>
const Op* read_base(Cpu& cpu, const Op* op) {
  if (!(cpu.system.cr4 & cr4::fsgsbase)) return conclude(cpu, op, fail_ud(cpu));
  put_sized(cpu, op->first, op->operand_size, cpu.system.segments[segment].base);
  return finish(cpu, op);
}

template <SegmentRegister segment>
const Op* write_base(Cpu& cpu, const Op* op) {
  if (!(cpu.system.cr4 & cr4::fsgsbase)) return conclude(cpu, op, fail_ud(cpu));
  const u64 base = get<u64>(cpu, op->first) & low_bytes_mask(op->operand_size);
  if (!is_canonical(base)) return conclude(cpu, op, fail_gp(cpu));
  cpu.system.segments[segment].base = base;
  cpu.mode_changed();
  return finish(cpu, op);
}

}  // namespace

Handler bind_syscall(const isa::Instruction&) { return syscall; }
Handler bind_sysret(const isa::Instruction&) { return sysret; }
Handler bind_sysenter(const isa::Instruction&) { return sysenter; }
Handler bind_sysexit(const isa::Instruction&) { return sysexit; }
Handler bind_swapgs(const isa::Instruction&) { return swapgs; }
Handler bind_rdfsbase(const isa::Instruction&) { return read_base<fs>; }
Handler bind_rdgsbase(const isa::Instruction&) { return read_base<gs>; }
Handler bind_wrfsbase(const isa::Instruction&) { return write_base<fs>; }
Handler bind_wrgsbase(const isa::Instruction&) { return write_base<gs>; }

}  // namespace trapline::cpu
