// MOV, MOVZX, MOVSX, MOVSXD, LEA, MOVBE, MOVNTI, BSWAP, XLAT and the sign extensions of RAX.
#include "cpu/block_builder.h"
#include "cpu/forms.h"

namespace trapline::cpu {
namespace {

template <typename T>
const Op* move_register_register(Cpu& cpu, const Op* op) {
  put<T>(cpu, op->first, get<T>(cpu, op->second));
  return next(cpu, op);
}

template <typename T>
const Op* move_register_immediate(Cpu& cpu, const Op* op) {
  put<T>(cpu, op->first, immediate<T>(op));
  return next(cpu, op);
}

// The immediate did not fit 32 signed bits: it lies in `wide`.
template <typename T>
const Op* move_register_wide(Cpu& cpu, const Op* op) {
  put<T>(cpu, op->first, static_cast<T>(op->wide));
  return next(cpu, op);
}

template <typename T, class Address>
const Op* move_register_memory(Cpu& cpu, const Op* op) {
  const Loaded value = load<T>(cpu, op, Address::of(cpu, op), segment_of(op));
  if (!value.ok) [[unlikely]]
    return broken_off(cpu, op);
  put<T>(cpu, op->first, static_cast<T>(value.value));
  return next(cpu, op);
}

template <typename T, class Address>
const Op* move_memory_register(Cpu& cpu, const Op* op) {
  if (!store<T>(cpu, op, Address::of(cpu, op), get<T>(cpu, op->second), segment_of(op))) [[unlikely]]
    return broken_off(cpu, op);
  return next(cpu, op);
}

template <typename T, class Address>
const Op* move_memory_immediate(Cpu& cpu, const Op* op) {
  if (!store<T>(cpu, op, Address::of(cpu, op), immediate<T>(op), segment_of(op))) [[unlikely]]
    return broken_off(cpu, op);
  return next(cpu, op);
}

bool is_general(const isa::Operand& operand) {
  return operand.register_kind == isa::RegisterKind::gpr || operand.register_kind == isa::RegisterKind::high_byte;
}

bool has_special_register(const isa::Instruction& instruction) {
  return (instruction.is_register(0) && !is_general(instruction.operand(0))) ||
         (instruction.is_register(1) && !is_general(instruction.operand(1)));
}

// ---- widening: From is the source's type, To the destination's ----
template <typename From, typename To, bool sign>
To widened(From value) {
  return sign ? static_cast<To>(extended<From>(value)) : static_cast<To>(value);
}

template <typename From, typename To, bool sign>
const Op* widen_register(Cpu& cpu, const Op* op) {
  put<To>(cpu, op->first, widened<From, To, sign>(get<From>(cpu, op->second)));
  return next(cpu, op);
}

template <typename From, typename To, bool sign, class Address>
const Op* widen_memory(Cpu& cpu, const Op* op) {
  const Loaded value = load<From>(cpu, op, Address::of(cpu, op), segment_of(op));
  if (!value.ok) [[unlikely]]
    return broken_off(cpu, op);
  put<To>(cpu, op->first, widened<From, To, sign>(static_cast<From>(value.value)));
  return next(cpu, op);
}

template <bool sign, typename From>
Handler bind_widening_from(const isa::Instruction& instruction) {
  return by_wide_width(instruction.operand(0).size, [&]<typename To>() -> Handler {
    if (instruction.is_register(1)) return widen_register<From, To, sign>;
    return by_address(instruction, []<class A>() -> Handler { return widen_memory<From, To, sign, A>; });
  });
}

template <bool sign>
Handler bind_widening(const isa::Instruction& instruction) {
  switch (instruction.operand(1).size) {
    case 1:
      return bind_widening_from<sign, u8>(instruction);
    case 2:
      return bind_widening_from<sign, u16>(instruction);
    case 4:
      return bind_widening_from<sign, u32>(instruction);
    default:
      return nullptr;
  }
}

// The effective address without its segment (SDM vol. 2, "LEA").
template <typename T>
const Op* load_effective_address(Cpu& cpu, const Op* op) {
  u64 offset = get<u64>(cpu, op->base) + (get<u64>(cpu, op->index) << op->scale_log2) + op->wide;
  if (op->address32) offset = static_cast<u32>(offset);
  put<T>(cpu, op->first, static_cast<T>(offset));
  return next(cpu, op);
}

template <typename T>
T swapped(T value) {
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
  return value;
}

// BSWAP of a 16-bit register is undefined in the manual; processors write zero.
template <typename T>
const Op* swap_bytes(Cpu& cpu, const Op* op) {
  put<T>(cpu, op->first, sizeof(T) == 2 ? T{0} : swapped<T>(get<T>(cpu, op->first)));
  return next(cpu, op);
}

template <typename T>
const Op* load_swapped(Cpu& cpu, const Op* op) {
  const Loaded value = load<T>(cpu, op, linear_address(cpu, op), segment_of(op));
  if (!value.ok) return broken_off(cpu, op);
  put<T>(cpu, op->first, swapped<T>(static_cast<T>(value.value)));
  return next(cpu, op);
}

template <typename T>
const Op* store_swapped(Cpu& cpu, const Op* op) {
  if (!store<T>(cpu, op, linear_address(cpu, op), swapped<T>(get<T>(cpu, op->second)), segment_of(op)))
    return broken_off(cpu, op);
  return next(cpu, op);
}

// AL = [RBX + AL]; the decoder gives the memory operand as [rbx + al], whose index is the byte alone.
const Op* translate_byte(Cpu& cpu, const Op* op) {
  u64 offset = cpu.gpr(arch::rbx) + get<u8>(cpu, arch::rax * 8);
  if (op->address32) offset = static_cast<u32>(offset);
  const Loaded value = load<u8>(cpu, op, offset + cpu.hot.segment_base[op->segment], segment_of(op));
  if (!value.ok) return broken_off(cpu, op);
  put<u8>(cpu, arch::rax * 8, static_cast<u8>(value.value));
  return next(cpu, op);
}

template <typename From, typename To>
const Op* extend_accumulator(Cpu& cpu, const Op* op) {
  put<To>(cpu, arch::rax * 8, static_cast<To>(extended<From>(get<From>(cpu, arch::rax * 8))));
  return next(cpu, op);
}

template <typename T>
const Op* extend_into_rdx(Cpu& cpu, const Op* op) {
  put<T>(cpu, arch::rdx * 8, static_cast<T>(static_cast<i64>(extended<T>(get<T>(cpu, arch::rax * 8))) >> 63));
  return next(cpu, op);
}

}  // namespace

Handler bind_mov(const isa::Instruction& instruction) {
  if (has_special_register(instruction)) return bind_mov_system(instruction);
  return by_width(instruction.operand(0).size, [&]<typename T>() -> Handler {
    if (instruction.is_register(0)) {
      if (instruction.is_register(1)) return move_register_register<T>;
      if (instruction.is_immediate(1))
        return needs_wide_immediate(instruction.operand(1)) ? move_register_wide<T> : move_register_immediate<T>;
      return by_address(instruction, []<class A>() -> Handler { return move_register_memory<T, A>; });
    }
    if (instruction.is_register(1))
      return by_address(instruction, []<class A>() -> Handler { return move_memory_register<T, A>; });
    return by_address(instruction, []<class A>() -> Handler { return move_memory_immediate<T, A>; });
  });
}

Handler bind_movzx(const isa::Instruction& instruction) { return bind_widening<false>(instruction); }
Handler bind_movsx(const isa::Instruction& instruction) { return bind_widening<true>(instruction); }
Handler bind_movsxd(const isa::Instruction& instruction) {
  if (instruction.operand(0).size == 8) return bind_widening<true>(instruction);
  return bind_mov(instruction);  // without REX.W it moves
}

Handler bind_lea(const isa::Instruction& instruction) {
  return by_wide_width(instruction.operand(0).size, []<typename T>() -> Handler { return load_effective_address<T>; });
}

Handler bind_bswap(const isa::Instruction& instruction) {
  return by_wide_width(instruction.operand(0).size, []<typename T>() -> Handler { return swap_bytes<T>; });
}

Handler bind_movbe(const isa::Instruction& instruction) {
  return by_wide_width(instruction.operand(0).size, [&]<typename T>() -> Handler {
    return instruction.is_register(0) ? load_swapped<T> : store_swapped<T>;
  });
}

Handler bind_movnti(const isa::Instruction& instruction) { return bind_mov(instruction); }
Handler bind_xlat(const isa::Instruction&) { return translate_byte; }
Handler bind_cbw(const isa::Instruction&) { return extend_accumulator<u8, u16>; }
Handler bind_cwde(const isa::Instruction&) { return extend_accumulator<u16, u32>; }
Handler bind_cdqe(const isa::Instruction&) { return extend_accumulator<u32, u64>; }
Handler bind_cwd(const isa::Instruction&) { return extend_into_rdx<u16>; }
Handler bind_cdq(const isa::Instruction&) { return extend_into_rdx<u32>; }
Handler bind_cqo(const isa::Instruction&) { return extend_into_rdx<u64>; }

}  // namespace trapline::cpu
