// What arithmetic instructions compute, and the words that they leave for the flags (SDM vol. 2, each instruction's
// "Flags Affected"; where that says undefined, what Intel processors do). flags.h tells what the words mean.
#pragma once

#include "cpu/flags.h"
#include "cpu/forms.h"

namespace trapline::cpu {

template <typename T>
inline void leave_flags(LazyFlags& flags, T left, T right, T result, bool carry) {
  flags.result = extended<T>(result);
  flags.mixed = extended<T>(static_cast<T>(left ^ right ^ result));
  flags.carry = carry;
}
// CF = OF = AF = 0.
template <typename T>
inline void leave_logic_flags(LazyFlags& flags, T result) {
  flags.result = extended<T>(result);
  flags.mixed = 0;
  flags.carry = 0;
}

struct Add {
  static constexpr bool writes = true;
  template <typename T>
  static T run(LazyFlags& flags, T left, T right) {
    const T result = static_cast<T>(left + right);
    leave_flags<T>(flags, left, right, result, result < left);
    return result;
  }
};

struct Adc {
  static constexpr bool writes = true;
  template <typename T>
  static T run(LazyFlags& flags, T left, T right) {
    const bool carry = flags.cf();
    const T result = static_cast<T>(left + right + carry);
    leave_flags<T>(flags, left, right, result, carry ? result <= left : result < left);
    return result;
  }
};

struct Sub {
  static constexpr bool writes = true;
  template <typename T>
  static T run(LazyFlags& flags, T left, T right) {
    const T result = static_cast<T>(left - right);
    leave_flags<T>(flags, left, right, result, left < right);
    return result;
  }
};

struct Sbb {
  static constexpr bool writes = true;
  template <typename T>
  static T run(LazyFlags& flags, T left, T right) {
    const bool carry = flags.cf();
    const T result = static_cast<T>(left - right - carry);
    leave_flags<T>(flags, left, right, result, carry ? left <= right : left < right);
    return result;
  }
};

struct Cmp : Sub {
  static constexpr bool writes = false;
};

struct And {
  static constexpr bool writes = true;
  template <typename T>
  static T run(LazyFlags& flags, T left, T right) {
    const T result = left & right;
    leave_logic_flags<T>(flags, result);
    return result;
  }
};

struct Test : And {
  static constexpr bool writes = false;
};

struct Or {
  static constexpr bool writes = true;
  template <typename T>
  static T run(LazyFlags& flags, T left, T right) {
    const T result = left | right;
    leave_logic_flags<T>(flags, result);
    return result;
  }
};

struct Xor {
  static constexpr bool writes = true;
  template <typename T>
  static T run(LazyFlags& flags, T left, T right) {
    const T result = left ^ right;
    leave_logic_flags<T>(flags, result);
    return result;
  }
};

// INC and DEC leave CF alone; bit 63 of `mixed` is OF against the carry that stays.
template <typename T>
inline void leave_step_flags(LazyFlags& flags, T before, T result, bool overflow) {
  const u64 carry = flags.carry & 1;
  flags.result = extended<T>(result);
  flags.mixed = (static_cast<u64>(before ^ result) & 16) | (static_cast<u64>(overflow) ^ carry) << 63;
  flags.carry = carry;
}

template <typename T>
inline constexpr T lowest = static_cast<T>(T{1} << (width<T> - 1));

struct Inc {
  template <typename T>
  static T run(LazyFlags& flags, T value) {
    const T result = static_cast<T>(value + 1);
    leave_step_flags<T>(flags, value, result, result == lowest<T>);
    return result;
  }
};

struct Dec {
  template <typename T>
  static T run(LazyFlags& flags, T value) {
    const T result = static_cast<T>(value - 1);
    leave_step_flags<T>(flags, value, result, value == lowest<T>);
    return result;
  }
};

struct Neg {
  template <typename T>
  static T run(LazyFlags& flags, T value) {
    return Sub::run<T>(flags, 0, value);
  }
};

struct Not {
  template <typename T>
  static T run(LazyFlags&, T value) {
    return static_cast<T>(~value);
  }
};

}  // namespace trapline::cpu
