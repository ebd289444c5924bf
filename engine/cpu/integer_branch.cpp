// Near control transfers: Jcc, JMP, CALL, RET, LOOPcc, JRCXZ. What pushes or pops looks at the target first, since a
// target that is not canonical faults before anything has changed.
#include "cpu/conditions.h"
#include "cpu/forms.h"
#include "cpu/integer_stack.h"

namespace trapline::cpu {
namespace {

u64 relative_target(const Cpu& cpu, const Op* op) { return cpu.hot.gpr[block_rip_register / 8] + op->wide; }

template <Condition condition>
const Op* jump_if(Cpu& cpu, const Op* op) {
  return branch(cpu, op, holds<condition>(cpu.hot.flags) ? relative_target(cpu, op) : next_rip(cpu, op));
}

const Op* jump_relative(Cpu& cpu, const Op* op) { return branch(cpu, op, relative_target(cpu, op)); }
// An address from the guest may be anything; one that only jumps faults as itself.
const Op* branch_checked(Cpu& cpu, const Op* op, u64 target) {
  if (!is_canonical(target)) [[unlikely]]
    return raise_fault(cpu, op, arch::fault(arch::vector::gp, 0));
  return branch(cpu, op, target);
}
const Op* jump_register(Cpu& cpu, const Op* op) { return branch_checked(cpu, op, get<u64>(cpu, op->first)); }
const Op* jump_memory(Cpu& cpu, const Op* op) {
  const Loaded target = load<u64>(cpu, op, linear_address(cpu, op), segment_of(op));
  return target.ok ? branch_checked(cpu, op, target.value) : broken_off(cpu, op);
}

const Op* call_to(Cpu& cpu, const Op* op, u64 target) {
  if (!is_canonical(target)) [[unlikely]]
    return raise_fault(cpu, op, arch::fault(arch::vector::gp, 0));
  if (!push_value<u64>(cpu, op, next_rip(cpu, op))) [[unlikely]]
    return broken_off(cpu, op);
  return branch(cpu, op, target);
}
const Op* call_relative(Cpu& cpu, const Op* op) { return call_to(cpu, op, relative_target(cpu, op)); }
const Op* call_register(Cpu& cpu, const Op* op) { return call_to(cpu, op, get<u64>(cpu, op->first)); }
const Op* call_memory(Cpu& cpu, const Op* op) {
  const Loaded target = load<u64>(cpu, op, linear_address(cpu, op), segment_of(op));
  return target.ok ? call_to(cpu, op, target.value) : broken_off(cpu, op);
}

// RET and RET imm16.
const Op* return_near(Cpu& cpu, const Op* op) {
  const Loaded target = load<u64>(cpu, op, cpu.gpr(arch::rsp), arch::ss);
  if (!target.ok) [[unlikely]]
    return broken_off(cpu, op);
  if (!is_canonical(target.value)) [[unlikely]]
    return raise_fault(cpu, op, arch::fault(arch::vector::gp, 0));
  cpu.gpr(arch::rsp) += 8 + static_cast<u16>(op->immediate);
  return branch(cpu, op, target.value);
}

enum class LoopKind : u8 { plain, while_zero, while_not_zero };

// RCX, or ECX with an address-size override; CountType says which.
template <LoopKind kind, typename CountType>
const Op* loop_while(Cpu& cpu, const Op* op) {
  const auto count = static_cast<CountType>(get<CountType>(cpu, arch::rcx * 8) - 1);
  const bool zero = cpu.hot.flags.zf();
  const bool taken = count != 0 && (kind == LoopKind::plain || zero == (kind == LoopKind::while_zero));
  if (taken && !is_canonical(relative_target(cpu, op))) return raise_fault(cpu, op, arch::fault(arch::vector::gp, 0));
  put<CountType>(cpu, arch::rcx * 8, count);
  return branch(cpu, op, taken ? relative_target(cpu, op) : next_rip(cpu, op));
}

template <typename CountType>
const Op* jump_if_count_zero(Cpu& cpu, const Op* op) {
  const bool taken = get<CountType>(cpu, arch::rcx * 8) == 0;
  return branch(cpu, op, taken ? relative_target(cpu, op) : next_rip(cpu, op));
}

template <LoopKind kind>
Handler bind_loop_kind(const isa::Instruction& instruction) {
  return instruction.address_size == 4 ? loop_while<kind, u32> : loop_while<kind, u64>;
}

}  // namespace

#define JUMP(name) \
  Handler bind_j##name(const isa::Instruction&) { return jump_if<Condition::name>; }
// clang-format off
JUMP(o)
JUMP(no)
JUMP(b)
JUMP(nb)
JUMP(z)
JUMP(nz)
JUMP(be)
JUMP(nbe)
JUMP(s)
JUMP(ns)
JUMP(p)
JUMP(np)
JUMP(l)
JUMP(nl)
JUMP(le)
JUMP(nle)
// clang-format on
#undef JUMP

Handler bind_jmp(const isa::Instruction& instruction) {
  if (instruction.far) return bind_far_transfer(instruction);
  if (instruction.is_register(0)) return jump_register;
  return instruction.is_memory(0) ? jump_memory : jump_relative;
}

Handler bind_call(const isa::Instruction& instruction) {
  if (instruction.far) return bind_far_transfer(instruction);
  if (instruction.is_register(0)) return call_register;
  return instruction.is_memory(0) ? call_memory : call_relative;
}

Handler bind_ret(const isa::Instruction& instruction) {
  return instruction.far ? bind_far_transfer(instruction) : return_near;
}

Handler bind_loop(const isa::Instruction& instruction) { return bind_loop_kind<LoopKind::plain>(instruction); }
Handler bind_loope(const isa::Instruction& instruction) { return bind_loop_kind<LoopKind::while_zero>(instruction); }
Handler bind_loopne(const isa::Instruction& instruction) {
  return bind_loop_kind<LoopKind::while_not_zero>(instruction);
}
Handler bind_jrcxz(const isa::Instruction&) { return jump_if_count_zero<u64>; }
Handler bind_jecxz(const isa::Instruction&) { return jump_if_count_zero<u32>; }

}  // namespace trapline::cpu
