// BSF, BSR, TZCNT, LZCNT, POPCNT, CRC32, and ADCX, ADOX: destination register, source register or memory.
#include <bit>

#include "cpu/shifts.h"

namespace trapline::cpu {
namespace {

// ZF as given, CF as given; OF, SF, AF and PF clear, as POPCNT defines and the others leave undefined.
void leave_scan_flags(LazyFlags& flags, bool zero, bool carry) {
  flags.set((zero ? arch::flag::zf : 0) | (carry ? arch::flag::cf : 0));
}

// With a source of 0 the destination stays as it is, upper half included. ZF tells of the source; of the others, which
// are undefined, processors let PF follow the number and clear the rest.
template <typename T>
void scanned(Cpu& cpu, const Op* op, T source, int number) {
  const bool even = source == 0 || std::popcount(static_cast<unsigned>(number)) % 2 == 0;
  cpu.hot.flags.set((source == 0 ? arch::flag::zf : 0) | (even ? arch::flag::pf : 0));
  if (source != 0) put<T>(cpu, op->first, static_cast<T>(number));
}
struct ScanForward {
  template <typename T>
  static void run(Cpu& cpu, const Op* op, T source) {
    scanned<T>(cpu, op, source, std::countr_zero(source));
  }
};
struct ScanReverse {
  template <typename T>
  static void run(Cpu& cpu, const Op* op, T source) {
    scanned<T>(cpu, op, source, static_cast<int>(width<T>) - 1 - std::countl_zero(source));
  }
};
struct CountTrailing {
  template <typename T>
  static void run(Cpu& cpu, const Op* op, T source) {
    const auto result = static_cast<T>(std::countr_zero(source));
    leave_scan_flags(cpu.hot.flags, result == 0, source == 0);
    put<T>(cpu, op->first, result);
  }
};
struct CountLeading {
  template <typename T>
  static void run(Cpu& cpu, const Op* op, T source) {
    const auto result = static_cast<T>(std::countl_zero(source));
    leave_scan_flags(cpu.hot.flags, result == 0, source == 0);
    put<T>(cpu, op->first, result);
  }
};
struct CountOnes {
  template <typename T>
  static void run(Cpu& cpu, const Op* op, T source) {
    leave_scan_flags(cpu.hot.flags, source == 0, false);
    put<T>(cpu, op->first, static_cast<T>(std::popcount(source)));
  }
};

// ADCX adds with CF and ADOX with OF; each changes that flag alone.
template <bool with_overflow>
struct AddExtended {
  template <typename T>
  static void run(Cpu& cpu, const Op* op, T source) {
    LazyFlags& flags = cpu.hot.flags;
    const bool carry_in = with_overflow ? flags.of() : flags.cf();
    const T left = get<T>(cpu, op->first);
    const T sum = static_cast<T>(left + source + carry_in);
    const bool carry = carry_in ? sum <= left : sum < left;
    put<T>(cpu, op->first, sum);
    set_carry_and_overflow(flags, with_overflow ? flags.cf() : carry, with_overflow ? carry : flags.of());
  }
};

// CRC-32C, bit by bit, over the source's bytes (SDM vol. 2, "CRC32"). The destination loses its upper half.
struct Checksum {
  template <typename T>
  static void run(Cpu& cpu, const Op* op, T source) {
    constexpr u32 reversed_polynomial = 0x82f63b78;
    u32 sum = get<u32>(cpu, op->first);
    for (unsigned byte = 0; byte < sizeof(T); ++byte) {
      sum ^= static_cast<u8>(source >> (8 * byte));
      for (unsigned i = 0; i < 8; ++i) sum = sum >> 1 ^ ((sum & 1) ? reversed_polynomial : 0);
    }
    put<u64>(cpu, op->first, sum);
  }
};

template <class Operation, typename T>
const Op* scan_register(Cpu& cpu, const Op* op) {
  Operation::template run<T>(cpu, op, get<T>(cpu, op->second));
  return next(cpu, op);
}

template <class Operation, typename T>
const Op* scan_memory(Cpu& cpu, const Op* op) {
  const Loaded value = load<T>(cpu, op, linear_address(cpu, op), segment_of(op));
  if (!value.ok) return broken_off(cpu, op);
  Operation::template run<T>(cpu, op, static_cast<T>(value.value));
  return next(cpu, op);
}

template <class Operation>
Handler bind_scan(const isa::Instruction& instruction) {
  return by_width(instruction.operand(1).size, [&]<typename T>() -> Handler {
    return instruction.is_register(1) ? scan_register<Operation, T> : scan_memory<Operation, T>;
  });
}

}  // namespace

Handler bind_bsf(const isa::Instruction& instruction) { return bind_scan<ScanForward>(instruction); }
Handler bind_bsr(const isa::Instruction& instruction) { return bind_scan<ScanReverse>(instruction); }
Handler bind_tzcnt(const isa::Instruction& instruction) { return bind_scan<CountTrailing>(instruction); }
Handler bind_lzcnt(const isa::Instruction& instruction) { return bind_scan<CountLeading>(instruction); }
Handler bind_popcnt(const isa::Instruction& instruction) { return bind_scan<CountOnes>(instruction); }
Handler bind_adcx(const isa::Instruction& instruction) { return bind_scan<AddExtended<false>>(instruction); }
Handler bind_adox(const isa::Instruction& instruction) { return bind_scan<AddExtended<true>>(instruction); }
Handler bind_crc32(const isa::Instruction& instruction) { return bind_scan<Checksum>(instruction); }

}  // namespace trapline::cpu
