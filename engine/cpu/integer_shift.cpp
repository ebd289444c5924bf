// Shifts and rotates, single and double. A masked count of 0 changes no flag, though memory is written all the same.
#include "cpu/shifts.h"

namespace trapline::cpu {
namespace {

template <typename T>
inline constexpr unsigned count_mask = sizeof(T) == 8 ? 63 : 31;

struct ImmediateCount {
  template <typename T>
  static unsigned of(const Cpu&, const Op* op) {
    return static_cast<unsigned>(op->immediate) & count_mask<T>;
  }
};
struct ClCount {
  template <typename T>
  static unsigned of(const Cpu& cpu, const Op*) {
    return get<u8>(cpu, arch::rcx * 8) & count_mask<T>;
  }
};

template <class Operation, typename T, class Count>
T shifted(Cpu& cpu, const Op* op, T value) {
  const unsigned count = Count::template of<T>(cpu, op);
  return count == 0 ? value : Operation::template run<T>(cpu.hot.flags, value, count);
}

template <class Operation, typename T, class Count>
T shifted_double(Cpu& cpu, const Op* op, T value) {
  const unsigned count = Count::template of<T>(cpu, op);
  return count == 0 ? value : Operation::template run<T>(cpu.hot.flags, value, get<T>(cpu, op->second), count);
}

// `compute` is one of the two functions above; the register and memory forms are the same for both.
template <typename T, T (*compute)(Cpu&, const Op*, T)>
const Op* shift_register(Cpu& cpu, const Op* op) {
  put<T>(cpu, op->first, compute(cpu, op, get<T>(cpu, op->first)));
  return next(cpu, op);
}

template <typename T, T (*compute)(Cpu&, const Op*, T)>
[[gnu::noinline]] const Op* shift_memory_slow(Cpu& cpu, const Op* op, u64 linear) {
  const Loaded value = cpu.load_to_modify(op, linear, sizeof(T), segment_of(op));
  if (!value.ok) return broken_off(cpu, op);
  cpu.store_back(compute(cpu, op, static_cast<T>(value.value)));
  return next(cpu, op);
}

template <typename T, T (*compute)(Cpu&, const Op*, T)>
const Op* shift_memory(Cpu& cpu, const Op* op) {
  const u64 linear = linear_address(cpu, op);
  std::byte* const place = place_to_modify<T>(cpu, linear);
  if (!place) [[unlikely]]
    return shift_memory_slow<T, compute>(cpu, op, linear);
  set_at<T>(place, compute(cpu, op, at<T>(place)));
  return next(cpu, op);
}

template <class Operation>
Handler bind_shift(const isa::Instruction& instruction) {
  return by_width(instruction.operand(0).size, [&]<typename T>() -> Handler {
    if (instruction.is_immediate(1))
      return instruction.is_register(0) ? shift_register<T, shifted<Operation, T, ImmediateCount>>
                                        : shift_memory<T, shifted<Operation, T, ImmediateCount>>;
    return instruction.is_register(0) ? shift_register<T, shifted<Operation, T, ClCount>>
                                      : shift_memory<T, shifted<Operation, T, ClCount>>;
  });
}

template <class Operation>
Handler bind_double_shift(const isa::Instruction& instruction) {
  return by_wide_width(instruction.operand(0).size, [&]<typename T>() -> Handler {
    if (instruction.is_immediate(2))
      return instruction.is_register(0) ? shift_register<T, shifted_double<Operation, T, ImmediateCount>>
                                        : shift_memory<T, shifted_double<Operation, T, ImmediateCount>>;
    return instruction.is_register(0) ? shift_register<T, shifted_double<Operation, T, ClCount>>
                                      : shift_memory<T, shifted_double<Operation, T, ClCount>>;
  });
}

}  // namespace

Handler bind_shl(const isa::Instruction& instruction) { return bind_shift<Shl>(instruction); }
Handler bind_shr(const isa::Instruction& instruction) { return bind_shift<Shr>(instruction); }
Handler bind_sar(const isa::Instruction& instruction) { return bind_shift<Sar>(instruction); }
Handler bind_rol(const isa::Instruction& instruction) { return bind_shift<Rol>(instruction); }
Handler bind_ror(const isa::Instruction& instruction) { return bind_shift<Ror>(instruction); }
Handler bind_rcl(const isa::Instruction& instruction) { return bind_shift<Rcl>(instruction); }
Handler bind_rcr(const isa::Instruction& instruction) { return bind_shift<Rcr>(instruction); }
Handler bind_shld(const isa::Instruction& instruction) { return bind_double_shift<Shld>(instruction); }
Handler bind_shrd(const isa::Instruction& instruction) { return bind_double_shift<Shrd>(instruction); }

}  // namespace trapline::cpu
