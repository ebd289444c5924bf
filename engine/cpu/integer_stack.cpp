// PUSH, POP, ENTER, LEAVE. Stack accesses belong to SS: a non-canonical one is #SS(0).
#include "cpu/integer_stack.h"

#include "cpu/forms.h"

namespace trapline::cpu {
namespace {

template <typename T>
const Op* push_register(Cpu& cpu, const Op* op) {
  return push_value<T>(cpu, op, get<T>(cpu, op->first)) ? next(cpu, op) : broken_off(cpu, op);
}

template <typename T>
const Op* push_immediate(Cpu& cpu, const Op* op) {
  return push_value<T>(cpu, op, immediate<T>(op)) ? next(cpu, op) : broken_off(cpu, op);
}

template <typename T>
const Op* push_memory(Cpu& cpu, const Op* op) {
  const Loaded value = load<T>(cpu, op, linear_address(cpu, op), segment_of(op));
  if (!value.ok || !push_value<T>(cpu, op, static_cast<T>(value.value))) return broken_off(cpu, op);
  return next(cpu, op);
}

// POP RSP: the increment comes before the popped value is written.
template <typename T>
const Op* pop_register(Cpu& cpu, const Op* op) {
  const Loaded value = load<T>(cpu, op, cpu.gpr(arch::rsp), arch::ss);
  if (!value.ok) [[unlikely]]
    return broken_off(cpu, op);
  cpu.gpr(arch::rsp) += sizeof(T);
  put<T>(cpu, op->first, static_cast<T>(value.value));
  return next(cpu, op);
}

// An address that uses RSP sees it incremented; a fault of the store leaves it as it was.
template <typename T>
const Op* pop_memory(Cpu& cpu, const Op* op) {
  const Loaded value = load<T>(cpu, op, cpu.gpr(arch::rsp), arch::ss);
  if (!value.ok) return broken_off(cpu, op);
  cpu.gpr(arch::rsp) += sizeof(T);
  if (store<T>(cpu, op, linear_address(cpu, op), static_cast<T>(value.value), segment_of(op))) return next(cpu, op);
  cpu.gpr(arch::rsp) -= sizeof(T);
  return broken_off(cpu, op);
}

template <typename T>
const Op* leave_frame(Cpu& cpu, const Op* op) {
  const u64 frame = cpu.gpr(arch::rbp);
  const Loaded value = load<T>(cpu, op, frame, arch::ss);
  if (!value.ok) return broken_off(cpu, op);
  cpu.gpr(arch::rsp) = frame + sizeof(T);
  put<T>(cpu, arch::rbp * 8, static_cast<T>(value.value));
  return next(cpu, op);
}

// The saved RBP and the display of a nested procedure, pushed in order; registers change when nothing can fault any
// more, the new top of the stack included. As on processors, a fault may leave entries below RSP written.
template <typename T>
const Op* enter_frame(Cpu& cpu, const Op* op) {
  const unsigned level = op->second & 31;
  const u64 allocated = static_cast<u16>(op->immediate);
  const u64 top = cpu.gpr(arch::rsp);
  const u64 frame = top - sizeof(T);
  const unsigned entries = level == 0 ? 1 : level + 1;
  const u64 new_rsp = top - entries * sizeof(T) - allocated;
  if (!store<T>(cpu, op, frame, get<T>(cpu, arch::rbp * 8), arch::ss)) return broken_off(cpu, op);
  for (unsigned i = 1; i < level; ++i) {
    const Loaded outer = load<T>(cpu, op, cpu.gpr(arch::rbp) - i * sizeof(T), arch::ss);
    if (!outer.ok) return broken_off(cpu, op);
    if (!store<T>(cpu, op, frame - i * sizeof(T), static_cast<T>(outer.value), arch::ss)) return broken_off(cpu, op);
  }
  if (level > 0 && !store<T>(cpu, op, frame - level * sizeof(T), static_cast<T>(frame), arch::ss))
    return broken_off(cpu, op);
  if (!cpu.probe_write(op, new_rsp, sizeof(T), arch::ss)) return broken_off(cpu, op);
  put<T>(cpu, arch::rbp * 8, static_cast<T>(frame));
  cpu.gpr(arch::rsp) = new_rsp;
  return next(cpu, op);
}

template <typename Choose>
Handler by_stack_width(unsigned bytes, Choose choose) {
  return bytes == 2 ? choose.template operator()<u16>() : choose.template operator()<u64>();
}

bool is_segment(const isa::Operand& operand) { return operand.register_kind == isa::RegisterKind::segment; }

}  // namespace

Handler bind_push(const isa::Instruction& instruction) {
  if (is_segment(instruction.operand(0))) return bind_push_segment(instruction);
  return by_stack_width(instruction.operand_size, [&]<typename T>() -> Handler {
    if (instruction.is_register(0)) return push_register<T>;
    return instruction.is_immediate(0) ? push_immediate<T> : push_memory<T>;
  });
}

Handler bind_pop(const isa::Instruction& instruction) {
  if (is_segment(instruction.operand(0))) return bind_pop_segment(instruction);
  return by_stack_width(instruction.operand_size, [&]<typename T>() -> Handler {
    return instruction.is_register(0) ? pop_register<T> : pop_memory<T>;
  });
}

Handler bind_leave(const isa::Instruction& instruction) {
  return by_stack_width(instruction.operand_size, []<typename T>() -> Handler { return leave_frame<T>; });
}

Handler bind_enter(const isa::Instruction& instruction) {
  return by_stack_width(instruction.operand_size, []<typename T>() -> Handler { return enter_frame<T>; });
}

}  // namespace trapline::cpu
