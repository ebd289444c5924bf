// Shifts and rotates: result and flags of a value and a count that is already masked to 5 or 6 bits and is not 0. OF is
// defined for a count of 1 alone; processors show for any count what a shift of the value by 1 would give.
#pragma once

#include "cpu/arithmetic.h"

namespace trapline::cpu {

// CF and OF; the other flags stay.
inline void set_carry_and_overflow(LazyFlags& flags, bool carry, bool overflow) {
  flags.carry = (flags.carry & ~1ULL) | carry;
  flags.mixed = (flags.mixed & ~(1ULL << 63)) | static_cast<u64>(carry != overflow) << 63;
}

template <typename T>
inline void leave_shift_flags(LazyFlags& flags, T result, bool carry, bool overflow) {
  flags.result = extended<T>(result);
  flags.mixed = static_cast<u64>(carry != overflow) << 63;
  flags.carry = carry;
}

template <typename T>
inline bool top(T value) {
  return value >> (width<T> - 1);
}

template <typename T>
inline bool top_two_differ(T value) {
  return top<T>(value) != top<T>(static_cast<T>(value << 1));
}

struct Shl {
  template <typename T>
  static T run(LazyFlags& flags, T value, unsigned count) {
    const u64 before = count - 1 < width<T> ? static_cast<u64>(value) << (count - 1) : 0;
    const bool carry = (before >> (width<T> - 1)) & 1;
    const T result = static_cast<T>(before << 1);
    leave_shift_flags<T>(flags, result, carry, carry != top<T>(result));
    return result;
  }
};

struct Shr {
  template <typename T>
  static T run(LazyFlags& flags, T value, unsigned count) {
    const u64 before = count - 1 < width<T> ? static_cast<u64>(value) >> (count - 1) : 0;
    const T result = static_cast<T>(before >> 1);
    leave_shift_flags<T>(flags, result, before & 1, top<T>(value));
    return result;
  }
};

struct Sar {
  template <typename T>
  static T run(LazyFlags& flags, T value, unsigned count) {
    const i64 before = static_cast<i64>(extended<T>(value)) >> (count - 1);
    const T result = static_cast<T>(before >> 1);
    leave_shift_flags<T>(flags, result, before & 1, false);
    return result;
  }
};

struct Rol {
  template <typename T>
  static T run(LazyFlags& flags, T value, unsigned count) {
    const T result = std::rotl(value, static_cast<int>(count % width<T>));
    const bool carry = result & 1;
    set_carry_and_overflow(flags, carry, top_two_differ<T>(value));
    return result;
  }
};

struct Ror {
  template <typename T>
  static T run(LazyFlags& flags, T value, unsigned count) {
    const T result = std::rotr(value, static_cast<int>(count % width<T>));
    const bool carry = top<T>(result);
    set_carry_and_overflow(flags, carry, top<T>(value) != (value & 1));
    return result;
  }
};

// Rotation through CF: of width + 1 bits. One bit at a time, since counts are small and the code is seldom run.
struct Rcl {
  template <typename T>
  static T run(LazyFlags& flags, T value, unsigned count) {
    bool carry = flags.cf();
    const bool overflow = top_two_differ<T>(value);
    for (unsigned left = count % (width<T> + 1); left > 0; --left) {
      const bool out = top<T>(value);
      value = static_cast<T>(value << 1 | static_cast<T>(carry));
      carry = out;
    }
    set_carry_and_overflow(flags, carry, overflow);
    return value;
  }
};

struct Rcr {
  template <typename T>
  static T run(LazyFlags& flags, T value, unsigned count) {
    bool carry = flags.cf();
    const bool overflow = carry != top<T>(value);
    for (unsigned left = count % (width<T> + 1); left > 0; --left) {
      const bool out = value & 1;
      value = static_cast<T>(value >> 1 | static_cast<T>(static_cast<T>(carry) << (width<T> - 1)));
      carry = out;
    }
    set_carry_and_overflow(flags, carry, overflow);
    return value;
  }
};

// Double shifts. A 16-bit one by more than 16 is undefined; processors go on as if the destination came round again.
struct Shld {
  template <typename T>
  static T run(LazyFlags& flags, T value, T filler, unsigned count) {
    bool carry;
    T result;
    if constexpr (sizeof(T) == 2) {
      const u64 round = static_cast<u64>(value) << 32 | static_cast<u64>(filler) << 16 | value;
      carry = (round >> (48 - count)) & 1;
      result = static_cast<T>(round << count >> 32);
    } else {
      carry = (value >> (width<T> - count)) & 1;
      result = static_cast<T>(value << count | filler >> (width<T> - count));
    }
    leave_shift_flags<T>(flags, result, carry, top_two_differ<T>(value));
    return result;
  }
};

struct Shrd {
  template <typename T>
  static T run(LazyFlags& flags, T value, T filler, unsigned count) {
    bool carry;
    T result;
    if constexpr (sizeof(T) == 2) {
      const u64 round = static_cast<u64>(value) << 32 | static_cast<u64>(filler) << 16 | value;
      carry = (round >> (count - 1)) & 1;
      result = static_cast<T>(round >> count);
    } else {
      carry = (value >> (count - 1)) & 1;
      result = static_cast<T>(value >> count | filler << (width<T> - count));
    }
    leave_shift_flags<T>(flags, result, carry, top<T>(value) != (filler & 1));
    return result;
  }
};

}  // namespace trapline::cpu
