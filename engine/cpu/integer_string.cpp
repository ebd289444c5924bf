// MOVS, STOS, LODS, SCAS, CMPS, alone and repeated (SDM vol. 1, "String Operations").
//
// Registers move on only when an iteration is complete, so a fault leaves them where the instruction can be restarted.
// A repeated one gives way to the run loop after some iterations and comes again, as it would for an interrupt.
#include "cpu/arithmetic.h"

namespace trapline::cpu {
namespace {

enum class Repeat : u8 { once, plain, while_equal, while_not_equal };

template <typename Width>
u64 pointer(const Cpu& cpu, u8 reg) {
  return get<Width>(cpu, static_cast<u8>(reg * 8));
}
template <typename Width>
void step(Cpu& cpu, u8 reg, u64 bytes) {
  const bool down = cpu.flags_other_than_arithmetic() & arch::flag::df;
  put<Width>(cpu, static_cast<u8>(reg * 8), static_cast<Width>(pointer<Width>(cpu, reg) + (down ? 0 - bytes : bytes)));
}

template <typename T, typename Width>
Loaded load_source(Cpu& cpu, const Op* op) {
  return load<T>(cpu, op, pointer<Width>(cpu, arch::rsi) + cpu.hot.segment_base[op->segment], segment_of(op));
}
template <typename T, typename Width>
Loaded load_destination(Cpu& cpu, const Op* op) {
  return load<T>(cpu, op, pointer<Width>(cpu, arch::rdi), arch::es);
}
template <typename T, typename Width>
bool store_destination(Cpu& cpu, const Op* op, T value) {
  return store<T>(cpu, op, pointer<Width>(cpu, arch::rdi), value, arch::es);
}

// One iteration each; false: pending.
struct Move {
  static constexpr bool truncates_destination = true, truncates_source = true;
  template <typename T, typename Width>
  static bool run(Cpu& cpu, const Op* op) {
    const Loaded value = load_source<T, Width>(cpu, op);
    if (!value.ok || !store_destination<T, Width>(cpu, op, static_cast<T>(value.value))) return false;
    step<Width>(cpu, arch::rsi, sizeof(T));
    step<Width>(cpu, arch::rdi, sizeof(T));
    return true;
  }
};
struct Fill {
  static constexpr bool truncates_destination = true, truncates_source = false;
  template <typename T, typename Width>
  static bool run(Cpu& cpu, const Op* op) {
    if (!store_destination<T, Width>(cpu, op, get<T>(cpu, arch::rax * 8))) return false;
    step<Width>(cpu, arch::rdi, sizeof(T));
    return true;
  }
};
struct Fetch {
  static constexpr bool truncates_destination = false, truncates_source = false;
  template <typename T, typename Width>
  static bool run(Cpu& cpu, const Op* op) {
    const Loaded value = load_source<T, Width>(cpu, op);
    if (!value.ok) return false;
    put<T>(cpu, arch::rax * 8, static_cast<T>(value.value));
    step<Width>(cpu, arch::rsi, sizeof(T));
    return true;
  }
};
struct Scan {
  static constexpr bool truncates_destination = false, truncates_source = false;
  template <typename T, typename Width>
  static bool run(Cpu& cpu, const Op* op) {
    const Loaded value = load_destination<T, Width>(cpu, op);
    if (!value.ok) return false;
    Cmp::run<T>(cpu.hot.flags, get<T>(cpu, arch::rax * 8), static_cast<T>(value.value));
    step<Width>(cpu, arch::rdi, sizeof(T));
    return true;
  }
};
struct Compare {
  static constexpr bool truncates_destination = false, truncates_source = false;
  template <typename T, typename Width>
  static bool run(Cpu& cpu, const Op* op) {
    const Loaded right = load_destination<T, Width>(cpu, op);
    const Loaded left = right.ok ? load_source<T, Width>(cpu, op) : Loaded{};
    if (!left.ok) return false;
    Cmp::run<T>(cpu.hot.flags, static_cast<T>(left.value), static_cast<T>(right.value));
    step<Width>(cpu, arch::rsi, sizeof(T));
    step<Width>(cpu, arch::rdi, sizeof(T));
    return true;
  }
};

template <Repeat repeat>
bool goes_on(const Cpu& cpu) {
  if constexpr (repeat == Repeat::while_equal) return cpu.hot.flags.zf();
  if constexpr (repeat == Repeat::while_not_equal) return !cpu.hot.flags.zf();
  return true;
}

template <class Operation, typename T, typename Width>
const Op* once(Cpu& cpu, const Op* op) {
  return Operation::template run<T, Width>(cpu, op) ? next(cpu, op) : broken_off(cpu, op);
}

// With 32-bit addresses Intel processors clear the upper halves of the registers that repeated MOVS and STOS use before
// they begin, so even where nothing is moved.
template <class Operation, typename Width>
void truncate_registers(Cpu& cpu) {
  if constexpr (sizeof(Width) == 4) {
    put<u32>(cpu, arch::rcx * 8, get<u32>(cpu, arch::rcx * 8));
    if constexpr (Operation::truncates_destination) put<u32>(cpu, arch::rdi * 8, get<u32>(cpu, arch::rdi * 8));
    if constexpr (Operation::truncates_source) put<u32>(cpu, arch::rsi * 8, get<u32>(cpu, arch::rsi * 8));
  }
}

// A comparison that is broken off leaves the flags as they were before (SDM vol. 2, "REP").
template <class Operation, typename T, typename Width, Repeat repeat>
const Op* repeated(Cpu& cpu, const Op* op) {
  const u64 slice = cpu.tuning().rep_slice;
  const LazyFlags before = cpu.hot.flags;
  u64 count = pointer<Width>(cpu, arch::rcx);
  u64 done = 0;
  truncate_registers<Operation, Width>(cpu);
  while (count != 0) {
    if (done == slice || !Operation::template run<T, Width>(cpu, op)) {
      if constexpr (repeat != Repeat::plain) cpu.hot.flags = before;
      cpu.count_rep_iterations(done);
      return done == slice ? cpu.leave_restarting(op) : broken_off(cpu, op);
    }
    ++done;
    put<Width>(cpu, arch::rcx * 8, static_cast<Width>(--count));
    if (!goes_on<repeat>(cpu)) break;
  }
  return cpu.count_rep_iterations(done) ? finish(cpu, op) : next(cpu, op);
}

template <class Operation, typename T, typename Width, bool compares>
Handler bind_repeat(const isa::Instruction& instruction) {
  if (!instruction.rep && !instruction.repne) return once<Operation, T, Width>;
  if constexpr (!compares) return repeated<Operation, T, Width, Repeat::plain>;
  return instruction.rep ? repeated<Operation, T, Width, Repeat::while_equal>
                         : repeated<Operation, T, Width, Repeat::while_not_equal>;
}

template <class Operation, typename T, bool compares>
Handler bind_string(const isa::Instruction& instruction) {
  return instruction.address_size == 4 ? bind_repeat<Operation, T, u32, compares>(instruction)
                                       : bind_repeat<Operation, T, u64, compares>(instruction);
}

}  // namespace

#define STRING(name, Operation, compares)                                                                \
  Handler bind_##name##b(const isa::Instruction& i) { return bind_string<Operation, u8, compares>(i); }  \
  Handler bind_##name##w(const isa::Instruction& i) { return bind_string<Operation, u16, compares>(i); } \
  Handler bind_##name##d(const isa::Instruction& i) { return bind_string<Operation, u32, compares>(i); } \
  Handler bind_##name##q(const isa::Instruction& i) { return bind_string<Operation, u64, compares>(i); }
STRING(movs, Move, false)
STRING(stos, Fill, false)
STRING(lods, Fetch, false)
STRING(scas, Scan, true)
STRING(cmps, Compare, true)
#undef STRING

}  // namespace trapline::cpu
