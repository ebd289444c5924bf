// BMI1 and BMI2: ANDN, BEXTR, BLSI, BLSR, BLSMSK, BZHI, RORX, SARX, SHLX, SHRX, PDEP, PEXT. All are 32 or 64 bits wide.
#include <bit>

#include "cpu/arithmetic.h"

namespace trapline::cpu {
namespace {

// The two sources of a three-operand form, in the manual's order; the one that is memory comes by value.
template <typename T>
struct Sources {
  T second, third;
};

// As after a logic instruction, with CF and with PF clear, which is undefined here.
template <typename T>
void leave_field_flags(LazyFlags& flags, T result, bool carry) {
  flags.result = extended<T>(result);
  const bool even = std::popcount(static_cast<u8>(result)) % 2 == 0;
  flags.carry = static_cast<u64>(carry) | (even ? LazyFlags::parity_turned : 0);
  flags.mixed = static_cast<u64>(carry) << 63;
}

struct AndNot {
  template <typename T>
  static T run(LazyFlags& flags, Sources<T> from) {
    const T result = static_cast<T>(~from.second) & from.third;
    leave_field_flags<T>(flags, result, false);
    return result;
  }
};
struct ExtractField {
  template <typename T>
  static T run(LazyFlags& flags, Sources<T> from) {
    const unsigned start = from.third & 0xff;
    const unsigned length = (from.third >> 8) & 0xff;
    T result = start < width<T> ? static_cast<T>(from.second >> start) : T{0};
    if (length < width<T>) result &= static_cast<T>((T{1} << length) - 1);
    leave_field_flags<T>(flags, result, false);
    return result;
  }
};
struct ZeroHigh {
  template <typename T>
  static T run(LazyFlags& flags, Sources<T> from) {
    const unsigned start = from.third & 0xff;
    const T result = start < width<T> ? from.second & static_cast<T>((T{1} << start) - 1) : from.second;
    leave_field_flags<T>(flags, result, start > width<T> - 1);
    return result;
  }
};
struct ShiftLeft {
  template <typename T>
  static T run(LazyFlags&, Sources<T> from) {
    return static_cast<T>(from.second << (from.third & (width<T> - 1)));
  }
};
struct ShiftRight {
  template <typename T>
  static T run(LazyFlags&, Sources<T> from) {
    return static_cast<T>(from.second >> (from.third & (width<T> - 1)));
  }
};
struct ShiftRightSigned {
  template <typename T>
  static T run(LazyFlags&, Sources<T> from) {
    return static_cast<T>(static_cast<i64>(extended<T>(from.second)) >> (from.third & (width<T> - 1)));
  }
};
struct Deposit {
  template <typename T>
  static T run(LazyFlags&, Sources<T> from) {
    T result = 0;
    T source = from.second;
    for (T mask = from.third; mask != 0; mask &= mask - 1, source >>= 1)
      if (source & 1) result |= mask & (T{0} - mask);
    return result;
  }
};
struct Extract {
  template <typename T>
  static T run(LazyFlags&, Sources<T> from) {
    T result = 0;
    unsigned place = 0;
    for (T mask = from.third; mask != 0; mask &= mask - 1, ++place)
      if (from.second & mask & (T{0} - mask)) result |= T{1} << place;
    return result;
  }
};

// Two-operand forms: the source is operand 1. CF tells whether it was 0, or was not.
struct LowestSet {
  template <typename T>
  static T run(LazyFlags& flags, T source) {
    return with_carry<T>(flags, static_cast<T>(source & (T{0} - source)), source != 0);
  }
  template <typename T>
  static T with_carry(LazyFlags& flags, T result, bool carry) {
    leave_field_flags<T>(flags, result, carry);
    return result;
  }
};
struct ResetLowest {
  template <typename T>
  static T run(LazyFlags& flags, T source) {
    return LowestSet::with_carry<T>(flags, static_cast<T>(source & (source - 1)), source == 0);
  }
};
struct MaskToLowest {
  template <typename T>
  static T run(LazyFlags& flags, T source) {
    return LowestSet::with_carry<T>(flags, static_cast<T>(source ^ (source - 1)), source == 0);
  }
};

enum class MemoryIs : u8 { none, second, third };

template <class Operation, typename T, MemoryIs memory>
const Op* three_operands(Cpu& cpu, const Op* op) {
  Loaded value{0, true};
  if constexpr (memory != MemoryIs::none) value = load<T>(cpu, op, linear_address(cpu, op), segment_of(op));
  if (!value.ok) return broken_off(cpu, op);
  const auto loaded = static_cast<T>(value.value);
  const Sources<T> from{memory == MemoryIs::second ? loaded : get<T>(cpu, op->second),
                        memory == MemoryIs::third ? loaded : get<T>(cpu, op->third)};
  put<T>(cpu, op->first, Operation::template run<T>(cpu.hot.flags, from));
  return next(cpu, op);
}

template <class Operation, typename T, bool memory>
const Op* two_operands(Cpu& cpu, const Op* op) {
  Loaded value{0, true};
  if constexpr (memory) value = load<T>(cpu, op, linear_address(cpu, op), segment_of(op));
  if (!value.ok) return broken_off(cpu, op);
  const T source = memory ? static_cast<T>(value.value) : get<T>(cpu, op->second);
  put<T>(cpu, op->first, Operation::template run<T>(cpu.hot.flags, source));
  return next(cpu, op);
}

template <typename T, bool memory>
const Op* rotate_right(Cpu& cpu, const Op* op) {
  Loaded value{0, true};
  if constexpr (memory) value = load<T>(cpu, op, linear_address(cpu, op), segment_of(op));
  if (!value.ok) return broken_off(cpu, op);
  const T source = memory ? static_cast<T>(value.value) : get<T>(cpu, op->second);
  put<T>(cpu, op->first, std::rotr(source, op->immediate & static_cast<int>(width<T> - 1)));
  return next(cpu, op);
}

template <class Operation, typename T>
Handler bind_three(const isa::Instruction& instruction) {
  if (instruction.is_memory(1)) return three_operands<Operation, T, MemoryIs::second>;
  if (instruction.is_memory(2)) return three_operands<Operation, T, MemoryIs::third>;
  return three_operands<Operation, T, MemoryIs::none>;
}
template <class Operation>
Handler three(const isa::Instruction& instruction) {
  return instruction.operand(0).size == 8 ? bind_three<Operation, u64>(instruction)
                                          : bind_three<Operation, u32>(instruction);
}
template <class Operation>
Handler two(const isa::Instruction& instruction) {
  if (instruction.operand(0).size == 8)
    return instruction.is_memory(1) ? two_operands<Operation, u64, true> : two_operands<Operation, u64, false>;
  return instruction.is_memory(1) ? two_operands<Operation, u32, true> : two_operands<Operation, u32, false>;
}

}  // namespace

Handler bind_andn(const isa::Instruction& instruction) { return three<AndNot>(instruction); }
Handler bind_bextr(const isa::Instruction& instruction) { return three<ExtractField>(instruction); }
Handler bind_bzhi(const isa::Instruction& instruction) { return three<ZeroHigh>(instruction); }
Handler bind_shlx(const isa::Instruction& instruction) { return three<ShiftLeft>(instruction); }
Handler bind_shrx(const isa::Instruction& instruction) { return three<ShiftRight>(instruction); }
Handler bind_sarx(const isa::Instruction& instruction) { return three<ShiftRightSigned>(instruction); }
Handler bind_pdep(const isa::Instruction& instruction) { return three<Deposit>(instruction); }
Handler bind_pext(const isa::Instruction& instruction) { return three<Extract>(instruction); }
Handler bind_blsi(const isa::Instruction& instruction) { return two<LowestSet>(instruction); }
Handler bind_blsr(const isa::Instruction& instruction) { return two<ResetLowest>(instruction); }
Handler bind_blsmsk(const isa::Instruction& instruction) { return two<MaskToLowest>(instruction); }

Handler bind_rorx(const isa::Instruction& instruction) {
  if (instruction.operand(0).size == 8)
    return instruction.is_memory(1) ? rotate_right<u64, true> : rotate_right<u64, false>;
  return instruction.is_memory(1) ? rotate_right<u32, true> : rotate_right<u32, false>;
}

}  // namespace trapline::cpu
