// Handlers of two-operand arithmetic in all forms: register or memory with register or immediate.
#pragma once

#include "cpu/arithmetic.h"

namespace trapline::cpu {

template <class Operation, typename T>
const Op* binary_register_register(Cpu& cpu, const Op* op) {
  const T result = Operation::template run<T>(cpu.hot.flags, get<T>(cpu, op->first), get<T>(cpu, op->second));
  if constexpr (Operation::writes) put<T>(cpu, op->first, result);
  return next(cpu, op);
}

template <class Operation, typename T>
const Op* binary_register_immediate(Cpu& cpu, const Op* op) {
  const T result = Operation::template run<T>(cpu.hot.flags, get<T>(cpu, op->first), immediate<T>(op));
  if constexpr (Operation::writes) put<T>(cpu, op->first, result);
  return next(cpu, op);
}

template <class Operation, typename T, class Address>
const Op* binary_register_memory(Cpu& cpu, const Op* op) {
  const Loaded right = load<T>(cpu, op, Address::of(cpu, op), segment_of(op));
  if (!right.ok) [[unlikely]]
    return broken_off(cpu, op);
  const T result = Operation::template run<T>(cpu.hot.flags, get<T>(cpu, op->first), static_cast<T>(right.value));
  if constexpr (Operation::writes) put<T>(cpu, op->first, result);
  return next(cpu, op);
}

template <class Operation, typename T>
[[gnu::noinline]] const Op* binary_memory_slow(Cpu& cpu, const Op* op, u64 linear, T right) {
  const Loaded left = Operation::writes ? cpu.load_to_modify(op, linear, sizeof(T), segment_of(op))
                                        : cpu.load_slow(op, linear, sizeof(T), segment_of(op));
  if (!left.ok) return broken_off(cpu, op);
  const T result = Operation::template run<T>(cpu.hot.flags, static_cast<T>(left.value), right);
  if constexpr (Operation::writes) cpu.store_back(result);
  return next(cpu, op);
}

template <class Operation, typename T>
inline const Op* binary_memory(Cpu& cpu, const Op* op, u64 linear, T right) {
  std::byte* const place = Operation::writes ? place_to_modify<T>(cpu, linear)
                                             : fast<T>(cpu.hot.read_pages, cpu.hot.read_key, cpu.hot.page_mask, linear);
  if (!place) [[unlikely]]
    return binary_memory_slow<Operation, T>(cpu, op, linear, right);
  const T result = Operation::template run<T>(cpu.hot.flags, at<T>(place), right);
  if constexpr (Operation::writes) set_at<T>(place, result);
  return next(cpu, op);
}

template <class Operation, typename T, class Address>
const Op* binary_memory_register(Cpu& cpu, const Op* op) {
  return binary_memory<Operation, T>(cpu, op, Address::of(cpu, op), get<T>(cpu, op->second));
}

template <class Operation, typename T, class Address>
const Op* binary_memory_immediate(Cpu& cpu, const Op* op) {
  return binary_memory<Operation, T>(cpu, op, Address::of(cpu, op), immediate<T>(op));
}

template <class Operation>
Handler bind_binary(const isa::Instruction& instruction) {
  return by_width(instruction.operand(0).size, [&]<typename T>() -> Handler {
    if (instruction.is_register(0)) {
      if (instruction.is_register(1)) return binary_register_register<Operation, T>;
      if (instruction.is_immediate(1)) return binary_register_immediate<Operation, T>;
      return by_address(instruction, []<class A>() -> Handler { return binary_register_memory<Operation, T, A>; });
    }
    if (instruction.is_register(1))
      return by_address(instruction, []<class A>() -> Handler { return binary_memory_register<Operation, T, A>; });
    return by_address(instruction, []<class A>() -> Handler { return binary_memory_immediate<Operation, T, A>; });
  });
}

}  // namespace trapline::cpu
