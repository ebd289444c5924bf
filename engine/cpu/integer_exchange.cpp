// XCHG, XADD, CMPXCHG, CMPXCHG8B, CMPXCHG16B. One vCPU runs at a time, so LOCK adds nothing to them.
#include "cpu/arithmetic.h"

namespace trapline::cpu {
namespace {

template <typename T>
const Op* exchange_registers(Cpu& cpu, const Op* op) {
  const T first = get<T>(cpu, op->first);
  const T second = get<T>(cpu, op->second);
  put<T>(cpu, op->first, second);
  put<T>(cpu, op->second, first);
  return next(cpu, op);
}

// Read-modify-write through one step function: T step(Cpu&, const Op*, T old), which may change registers and flags and
// returns what to store. Called only when nothing can fault any more.
template <typename T, class Step>
[[gnu::noinline]] const Op* modify_slow(Cpu& cpu, const Op* op, u64 linear) {
  const Loaded old = cpu.load_to_modify(op, linear, sizeof(T), segment_of(op));
  if (!old.ok) return broken_off(cpu, op);
  cpu.store_back(Step::template run<T>(cpu, op, static_cast<T>(old.value)));
  return next(cpu, op);
}

template <typename T, class Step>
const Op* modify(Cpu& cpu, const Op* op) {
  const u64 linear = linear_address(cpu, op);
  std::byte* const place = place_to_modify<T>(cpu, linear);
  if (!place) [[unlikely]]
    return modify_slow<T, Step>(cpu, op, linear);
  set_at<T>(place, Step::template run<T>(cpu, op, at<T>(place)));
  return next(cpu, op);
}

// XCHG's register may be either operand; the other place of the two holds zero_register.
struct Exchange {
  template <typename T>
  static T run(Cpu& cpu, const Op* op, T old) {
    const u8 reg = op->first == zero_register ? op->second : op->first;
    const T value = get<T>(cpu, reg);
    put<T>(cpu, reg, old);
    return value;
  }
};

struct ExchangeAdd {
  template <typename T>
  static T run(Cpu& cpu, const Op* op, T old) {
    const T sum = Add::run<T>(cpu.hot.flags, old, get<T>(cpu, op->second));
    put<T>(cpu, op->second, old);
    return sum;
  }
};

// The destination is written in either case, with its old value where they differ.
struct CompareExchange {
  template <typename T>
  static T run(Cpu& cpu, const Op* op, T old) {
    const T accumulator = get<T>(cpu, arch::rax * 8);
    Cmp::run<T>(cpu.hot.flags, accumulator, old);
    if (accumulator == old) return get<T>(cpu, op->second);
    put<T>(cpu, arch::rax * 8, old);
    return old;
  }
};

template <typename T>
const Op* exchange_add_registers(Cpu& cpu, const Op* op) {
  const T old = get<T>(cpu, op->first);
  const T sum = Add::run<T>(cpu.hot.flags, old, get<T>(cpu, op->second));
  put<T>(cpu, op->second, old);
  put<T>(cpu, op->first, sum);
  return next(cpu, op);
}

// A 32-bit form that fails writes EAX alone: the destination register keeps even its upper half.
template <typename T>
const Op* compare_exchange_registers(Cpu& cpu, const Op* op) {
  const T old = get<T>(cpu, op->first);
  const T accumulator = get<T>(cpu, arch::rax * 8);
  Cmp::run<T>(cpu.hot.flags, accumulator, old);
  if (accumulator == old)
    put<T>(cpu, op->first, get<T>(cpu, op->second));
  else
    put<T>(cpu, arch::rax * 8, old);
  return next(cpu, op);
}

struct CompareExchangePair {
  template <typename T>
  static T run(Cpu& cpu, const Op*, T old) {
    const u64 expected = static_cast<u64>(get<u32>(cpu, arch::rdx * 8)) << 32 | get<u32>(cpu, arch::rax * 8);
    const bool equal = expected == old;
    set_zero_flag(cpu, equal);
    if (equal) return static_cast<u64>(get<u32>(cpu, arch::rcx * 8)) << 32 | get<u32>(cpu, arch::rbx * 8);
    put<u32>(cpu, arch::rax * 8, static_cast<u32>(old));
    put<u32>(cpu, arch::rdx * 8, static_cast<u32>(old >> 32));
    return old;
  }
  static void set_zero_flag(Cpu& cpu, bool equal) {
    const u64 others = cpu.hot.flags.get() & ~arch::flag::zf;
    cpu.hot.flags.set(others | (equal ? arch::flag::zf : 0));
  }
};

// Aligned to 16 bytes (else #GP), so it lies in one page: a write probe, then two halves.
const Op* compare_exchange_16_bytes(Cpu& cpu, const Op* op) {
  const u64 linear = linear_address(cpu, op);
  if (linear & 15) return raise_fault(cpu, op, arch::fault(arch::vector::gp, 0));
  if (!cpu.probe_write(op, linear, 16, segment_of(op))) return broken_off(cpu, op);
  const Loaded low = load<u64>(cpu, op, linear, segment_of(op));
  const Loaded high = low.ok ? load<u64>(cpu, op, linear + 8, segment_of(op)) : Loaded{};
  if (!high.ok) return broken_off(cpu, op);
  const bool equal = low.value == cpu.gpr(arch::rax) && high.value == cpu.gpr(arch::rdx);
  if (!store<u64>(cpu, op, linear, equal ? cpu.gpr(arch::rbx) : low.value, segment_of(op)) ||
      !store<u64>(cpu, op, linear + 8, equal ? cpu.gpr(arch::rcx) : high.value, segment_of(op)))
    return broken_off(cpu, op);
  CompareExchangePair::set_zero_flag(cpu, equal);
  if (!equal) {
    cpu.gpr(arch::rax) = low.value;
    cpu.gpr(arch::rdx) = high.value;
  }
  return next(cpu, op);
}

}  // namespace

Handler bind_xchg(const isa::Instruction& instruction) {
  return by_width(instruction.operand(0).size, [&]<typename T>() -> Handler {
    const bool registers = instruction.is_register(0) && instruction.is_register(1);
    return registers ? exchange_registers<T> : modify<T, Exchange>;
  });
}

Handler bind_xadd(const isa::Instruction& instruction) {
  return by_width(instruction.operand(0).size, [&]<typename T>() -> Handler {
    return instruction.is_register(0) ? exchange_add_registers<T> : modify<T, ExchangeAdd>;
  });
}

Handler bind_cmpxchg(const isa::Instruction& instruction) {
  return by_width(instruction.operand(0).size, [&]<typename T>() -> Handler {
    return instruction.is_register(0) ? compare_exchange_registers<T> : modify<T, CompareExchange>;
  });
}

Handler bind_cmpxchg8b(const isa::Instruction&) { return modify<u64, CompareExchangePair>; }
Handler bind_cmpxchg16b(const isa::Instruction&) { return compare_exchange_16_bytes; }

}  // namespace trapline::cpu
