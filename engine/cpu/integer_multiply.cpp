// MUL, IMUL, MULX, DIV, IDIV. Products and dividends are twice as wide as T: the upper half lies in RDX (AH for bytes).
#include "cpu/arithmetic.h"

namespace trapline::cpu {
namespace {

using u128 = unsigned __int128;
using i128 = __int128;

// SF, ZF, AF and PF are undefined after a multiplication; on processors SF and PF follow the low half, ZF and AF are
// clear. A low half of 0 is shown by a value of the same sign and parity.
template <typename T>
void leave_product_flags(LazyFlags& flags, T low, bool overflow) {
  flags.result = extended<T>(low) | (low == 0 ? 0x100 : 0);
  flags.mixed = 0;
  flags.carry = overflow;
}

template <typename T>
T upper_half(const Cpu& cpu) {
  return get<T>(cpu, sizeof(T) == 1 ? arch::rax * 8 + 1 : arch::rdx * 8);
}
template <typename T>
void put_halves(Cpu& cpu, T low, T high) {
  put<T>(cpu, arch::rax * 8, low);
  put<T>(cpu, sizeof(T) == 1 ? arch::rax * 8 + 1 : arch::rdx * 8, high);
}

template <typename T>
i128 as_signed(T value) {
  return static_cast<i64>(extended<T>(value));
}

struct Multiply {
  template <typename T>
  static bool run(Cpu& cpu, T factor) {
    const u128 product = static_cast<u128>(get<T>(cpu, arch::rax * 8)) * factor;
    const auto high = static_cast<T>(product >> width<T>);
    put_halves<T>(cpu, static_cast<T>(product), high);
    leave_product_flags<T>(cpu.hot.flags, static_cast<T>(product), high != 0);
    return true;
  }
};

template <typename T>
T signed_product(Cpu& cpu, T left, T right, T* high) {
  const i128 product = as_signed<T>(left) * as_signed<T>(right);
  const auto low = static_cast<T>(product);
  if (high) *high = static_cast<T>(static_cast<u128>(product) >> width<T>);
  leave_product_flags<T>(cpu.hot.flags, low, product != as_signed<T>(low));
  return low;
}

struct MultiplySigned {
  template <typename T>
  static bool run(Cpu& cpu, T factor) {
    T high;
    const T low = signed_product<T>(cpu, get<T>(cpu, arch::rax * 8), factor, &high);
    put_halves<T>(cpu, low, high);
    return true;
  }
};

// False: #DE. Flags are undefined; they stay.
struct Divide {
  template <typename T>
  static bool run(Cpu& cpu, T divisor) {
    if (divisor == 0) return false;
    const u128 dividend = static_cast<u128>(upper_half<T>(cpu)) << width<T> | get<T>(cpu, arch::rax * 8);
    const u128 quotient = dividend / divisor;
    if (quotient != static_cast<T>(quotient)) return false;
    put_halves<T>(cpu, static_cast<T>(quotient), static_cast<T>(dividend % divisor));
    return true;
  }
};

struct DivideSigned {
  template <typename T>
  static bool run(Cpu& cpu, T divisor) {
    if (divisor == 0) return false;
    const auto upper = static_cast<u128>(as_signed<T>(upper_half<T>(cpu))) << width<T>;
    const auto dividend = static_cast<i128>(upper | get<T>(cpu, arch::rax * 8));
    const i128 by = as_signed<T>(divisor);
    if (by == -1 && dividend == static_cast<i128>(u128{1} << 127)) return false;
    const i128 quotient = dividend / by;
    if (quotient != as_signed<T>(static_cast<T>(quotient))) return false;
    put_halves<T>(cpu, static_cast<T>(quotient), static_cast<T>(dividend % by));
    return true;
  }
};

template <class Operation, typename T>
const Op* with_register(Cpu& cpu, const Op* op) {
  if (Operation::template run<T>(cpu, get<T>(cpu, op->first))) [[likely]]
    return next(cpu, op);
  return raise_fault(cpu, op, arch::fault(arch::vector::de));
}

template <class Operation, typename T>
const Op* with_memory(Cpu& cpu, const Op* op) {
  const Loaded value = load<T>(cpu, op, linear_address(cpu, op), segment_of(op));
  if (!value.ok) return broken_off(cpu, op);
  if (Operation::template run<T>(cpu, static_cast<T>(value.value))) [[likely]]
    return next(cpu, op);
  return raise_fault(cpu, op, arch::fault(arch::vector::de));
}

template <class Operation>
Handler bind_accumulator(const isa::Instruction& instruction) {
  return by_width(instruction.operand(0).size, [&]<typename T>() -> Handler {
    return instruction.is_register(0) ? with_register<Operation, T> : with_memory<Operation, T>;
  });
}

// IMUL with two or three operands: destination, then factors.
template <typename T>
const Op* multiply_registers(Cpu& cpu, const Op* op) {
  put<T>(cpu, op->first, signed_product<T>(cpu, get<T>(cpu, op->first), get<T>(cpu, op->second), nullptr));
  return next(cpu, op);
}
template <typename T>
const Op* multiply_register_immediate(Cpu& cpu, const Op* op) {
  put<T>(cpu, op->first, signed_product<T>(cpu, get<T>(cpu, op->second), immediate<T>(op), nullptr));
  return next(cpu, op);
}
template <typename T, bool with_immediate>
const Op* multiply_memory(Cpu& cpu, const Op* op) {
  const Loaded value = load<T>(cpu, op, linear_address(cpu, op), segment_of(op));
  if (!value.ok) return broken_off(cpu, op);
  const T other = with_immediate ? immediate<T>(op) : get<T>(cpu, op->first);
  put<T>(cpu, op->first, signed_product<T>(cpu, static_cast<T>(value.value), other, nullptr));
  return next(cpu, op);
}

template <typename T>
const Op* multiply_without_flags(Cpu& cpu, const Op* op) {
  T factor = get<T>(cpu, op->third);
  if (op->third == zero_register) {
    const Loaded value = load<T>(cpu, op, linear_address(cpu, op), segment_of(op));
    if (!value.ok) return broken_off(cpu, op);
    factor = static_cast<T>(value.value);
  }
  const u128 product = static_cast<u128>(get<T>(cpu, arch::rdx * 8)) * factor;
  put<T>(cpu, op->second, static_cast<T>(product));
  put<T>(cpu, op->first, static_cast<T>(product >> width<T>));  // the same register twice: the upper half stays
  return next(cpu, op);
}

}  // namespace

Handler bind_mul(const isa::Instruction& instruction) { return bind_accumulator<Multiply>(instruction); }
Handler bind_div(const isa::Instruction& instruction) { return bind_accumulator<Divide>(instruction); }
Handler bind_idiv(const isa::Instruction& instruction) { return bind_accumulator<DivideSigned>(instruction); }

Handler bind_imul(const isa::Instruction& instruction) {
  if (instruction.operand_count == 1) return bind_accumulator<MultiplySigned>(instruction);
  return by_wide_width(instruction.operand(0).size, [&]<typename T>() -> Handler {
    if (instruction.operand_count == 3)
      return instruction.is_register(1) ? multiply_register_immediate<T> : multiply_memory<T, true>;
    return instruction.is_register(1) ? multiply_registers<T> : multiply_memory<T, false>;
  });
}

Handler bind_mulx(const isa::Instruction& instruction) {
  return instruction.operand(0).size == 8 ? multiply_without_flags<u64> : multiply_without_flags<u32>;
}

}  // namespace trapline::cpu
