// SETcc and CMOVcc.
#include "cpu/conditions.h"
#include "cpu/forms.h"

namespace trapline::cpu {
namespace {

template <Condition condition>
const Op* set_register(Cpu& cpu, const Op* op) {
  put<u8>(cpu, op->first, holds<condition>(cpu.hot.flags));
  return next(cpu, op);
}

template <Condition condition>
const Op* set_memory(Cpu& cpu, const Op* op) {
  if (!store<u8>(cpu, op, linear_address(cpu, op), holds<condition>(cpu.hot.flags), segment_of(op)))
    return broken_off(cpu, op);
  return next(cpu, op);
}

// A 32-bit destination loses its upper half even where the condition does not hold.
template <Condition condition, typename T>
const Op* move_register_if(Cpu& cpu, const Op* op) {
  put<T>(cpu, op->first, get<T>(cpu, holds<condition>(cpu.hot.flags) ? op->second : op->first));
  return next(cpu, op);
}

// Memory is read whatever the condition says.
template <Condition condition, typename T>
const Op* move_memory_if(Cpu& cpu, const Op* op) {
  const Loaded value = load<T>(cpu, op, linear_address(cpu, op), segment_of(op));
  if (!value.ok) return broken_off(cpu, op);
  put<T>(cpu, op->first, holds<condition>(cpu.hot.flags) ? static_cast<T>(value.value) : get<T>(cpu, op->first));
  return next(cpu, op);
}

template <Condition condition>
Handler bind_set(const isa::Instruction& instruction) {
  return instruction.is_register(0) ? set_register<condition> : set_memory<condition>;
}

template <Condition condition>
Handler bind_conditional_move(const isa::Instruction& instruction) {
  return by_wide_width(instruction.operand(0).size, [&]<typename T>() -> Handler {
    return instruction.is_register(1) ? move_register_if<condition, T> : move_memory_if<condition, T>;
  });
}

}  // namespace

#define BOTH(name)                                                                                               \
  Handler bind_set##name(const isa::Instruction& instruction) { return bind_set<Condition::name>(instruction); } \
  Handler bind_cmov##name(const isa::Instruction& instruction) {                                                 \
    return bind_conditional_move<Condition::name>(instruction);                                                  \
  }
BOTH(o)
BOTH(no)
BOTH(b)
BOTH(nb) BOTH(z) BOTH(nz) BOTH(be) BOTH(nbe) BOTH(s) BOTH(ns) BOTH(p) BOTH(np) BOTH(l) BOTH(nl) BOTH(le) BOTH(nle)
#undef BOTH

}  // namespace trapline::cpu
