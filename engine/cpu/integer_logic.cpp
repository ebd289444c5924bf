// AND, OR, XOR, TEST, and the one-operand INC, DEC, NEG, NOT.
#include "cpu/binary_forms.h"

namespace trapline::cpu {
namespace {

template <class Operation, typename T>
const Op* unary_register(Cpu& cpu, const Op* op) {
  put<T>(cpu, op->first, Operation::template run<T>(cpu.hot.flags, get<T>(cpu, op->first)));
  return next(cpu, op);
}

template <class Operation, typename T>
[[gnu::noinline]] const Op* unary_memory_slow(Cpu& cpu, const Op* op, u64 linear) {
  const Loaded value = cpu.load_to_modify(op, linear, sizeof(T), segment_of(op));
  if (!value.ok) return broken_off(cpu, op);
  cpu.store_back(Operation::template run<T>(cpu.hot.flags, static_cast<T>(value.value)));
  return next(cpu, op);
}

template <class Operation, typename T>
const Op* unary_memory(Cpu& cpu, const Op* op) {
  const u64 linear = linear_address(cpu, op);
  std::byte* const place = place_to_modify<T>(cpu, linear);
  if (!place) [[unlikely]]
    return unary_memory_slow<Operation, T>(cpu, op, linear);
  set_at<T>(place, Operation::template run<T>(cpu.hot.flags, at<T>(place)));
  return next(cpu, op);
}

template <class Operation>
Handler bind_unary(const isa::Instruction& instruction) {
  return by_width(instruction.operand(0).size, [&]<typename T>() -> Handler {
    return instruction.is_register(0) ? unary_register<Operation, T> : unary_memory<Operation, T>;
  });
}

}  // namespace

Handler bind_and_(const isa::Instruction& instruction) { return bind_binary<And>(instruction); }
Handler bind_or_(const isa::Instruction& instruction) { return bind_binary<Or>(instruction); }
Handler bind_xor_(const isa::Instruction& instruction) { return bind_binary<Xor>(instruction); }
Handler bind_test(const isa::Instruction& instruction) { return bind_binary<Test>(instruction); }
Handler bind_inc(const isa::Instruction& instruction) { return bind_unary<Inc>(instruction); }
Handler bind_dec(const isa::Instruction& instruction) { return bind_unary<Dec>(instruction); }
Handler bind_neg(const isa::Instruction& instruction) { return bind_unary<Neg>(instruction); }
Handler bind_not_(const isa::Instruction& instruction) { return bind_unary<Not>(instruction); }

}  // namespace trapline::cpu
