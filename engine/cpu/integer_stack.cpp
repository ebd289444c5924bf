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

// The saved RBP and the display of a nested procedure. Every store is probed first, so that a fault changes nothing:
// the frame is at most 32 entries long, and one probe per page of it is enough.
template <typename T>
bool frame_is_writable(Cpu& cpu, const Op* op, u64 top, unsigned entries) {
  const u64 lowest_byte = top - entries * sizeof(T);
  for (unsigned i = 1; i <= entries; ++i) {
    const u64 address = top - i * sizeof(T);
    const bool first_of_page = i == 1 || ((address ^ (address + sizeof(T))) >> page_bits) != 0;
    if ((first_of_page || address == lowest_byte) && !cpu.probe_write(op, address, sizeof(T), arch::ss)) return false;
  }
  return true;
}

template <typename T>
const Op* enter_frame(Cpu& cpu, const Op* op) {
  const unsigned level = op->second & 31;
  const u64 allocated = static_cast<u16>(op->immediate);
  const u64 top = cpu.gpr(arch::rsp);
  const u64 frame = top - sizeof(T);
  const unsigned entries = level == 0 ? 1 : level + 1;
  const u64 new_rsp = top - entries * sizeof(T) - allocated;
  if (!frame_is_writable<T>(cpu, op, top, entries) || !cpu.probe_write(op, new_rsp, sizeof(T), arch::ss))
    return broken_off(cpu, op);
  if (!store<T>(cpu, op, frame, get<T>(cpu, arch::rbp * 8), arch::ss)) return broken_off(cpu, op);
  for (unsigned i = 1; i < level; ++i) {
    const Loaded outer = load<T>(cpu, op, cpu.gpr(arch::rbp) - i * sizeof(T), arch::ss);
    if (!outer.ok) return broken_off(cpu, op);
    if (!store<T>(cpu, op, frame - i * sizeof(T), static_cast<T>(outer.value), arch::ss)) return broken_off(cpu, op);
  }
  if (level > 0 && !store<T>(cpu, op, frame - level * sizeof(T), static_cast<T>(frame), arch::ss))
    return broken_off(cpu, op);
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
