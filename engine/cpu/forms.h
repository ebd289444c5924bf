// Choosing a handler from templates: by operand width, by form of address. Used by binders only.
#pragma once

#include <type_traits>

#include "cpu/handlers.h"

namespace trapline::cpu {

// `choose` is a generic lambda: []<typename T>() -> Handler.
template <typename Choose>
Handler by_width(unsigned bytes, Choose choose) {
  switch (bytes) {
    case 1:
      return choose.template operator()<u8>();
    case 2:
      return choose.template operator()<u16>();
    case 4:
      return choose.template operator()<u32>();
    case 8:
      return choose.template operator()<u64>();
    default:
      return nullptr;
  }
}
template <typename Choose>
Handler by_wide_width(unsigned bytes, Choose choose) {  // 16, 32 and 64 bits
  switch (bytes) {
    case 2:
      return choose.template operator()<u16>();
    case 4:
      return choose.template operator()<u32>();
    case 8:
      return choose.template operator()<u64>();
    default:
      return nullptr;
  }
}

// [base + displacement], what most code uses.
struct BaseAddress {
  static u64 of(const Cpu& cpu, const Op* op) { return get<u64>(cpu, op->base) + op->wide; }
};
// Everything: index, FS and GS, address-size override.
struct AnyAddress {
  static u64 of(const Cpu& cpu, const Op* op) { return linear_address(cpu, op); }
};

template <typename Choose>
Handler by_address(const isa::Instruction& instruction, Choose choose) {
  for (const isa::Operand& operand : instruction.operands) {
    if (operand.kind != isa::OperandKind::memory) continue;
    const bool plain = operand.memory.index == isa::no_register && instruction.address_size == 8 &&
                       operand.memory.segment != arch::fs && operand.memory.segment != arch::gs;
    return plain ? choose.template operator()<BaseAddress>() : choose.template operator()<AnyAddress>();
  }
  return nullptr;
}

template <typename T>
inline T immediate(const Op* op) {
  return static_cast<T>(static_cast<i64>(op->immediate));
}

template <typename T>
inline u64 extended(T value) {
  return static_cast<u64>(static_cast<i64>(static_cast<std::make_signed_t<T>>(value)));
}

template <typename T>
inline constexpr unsigned width = sizeof(T) * 8;

// The fast path of read-modify-write: the bytes themselves where they may be written, else null.
template <typename T>
inline std::byte* place_to_modify(const Cpu& cpu, u64 linear) {
  return fast<T>(cpu.hot.write_pages, cpu.hot.write_key, cpu.hot.page_mask, linear);
}
template <typename T>
inline T at(const std::byte* place) {
  T value;
  std::memcpy(&value, place, sizeof value);
  return value;
}
template <typename T>
inline void set_at(std::byte* place, T value) {
  std::memcpy(place, &value, sizeof value);
}

}  // namespace trapline::cpu
