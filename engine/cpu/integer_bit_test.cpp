// BT, BTS, BTR, BTC. CF takes the bit; the other flags are undefined but ZF, and stay. With a register offset the
// memory form names a bit string: the offset, signed, reaches units far from the address (SDM vol. 1, "Bit Strings").
#include "cpu/forms.h"

namespace trapline::cpu {
namespace {

enum class BitAction : u8 { test, set, reset, complement };

template <BitAction action, typename T>
T bit_done(Cpu& cpu, T value, unsigned number) {
  const auto selected = static_cast<T>(T{1} << number);
  cpu.hot.flags.set_cf((value & selected) != 0);
  switch (action) {
    case BitAction::set:
      return value | selected;
    case BitAction::reset:
      return value & static_cast<T>(~selected);
    case BitAction::complement:
      return value ^ selected;
    default:
      return value;
  }
}

template <BitAction action, typename T, bool by_register>
const Op* bit_of_register(Cpu& cpu, const Op* op) {
  const u64 offset = by_register ? get<T>(cpu, op->second) : static_cast<u64>(op->immediate);
  const T result = bit_done<action, T>(cpu, get<T>(cpu, op->first), offset & (width<T> - 1));
  if constexpr (action != BitAction::test) put<T>(cpu, op->first, result);
  return next(cpu, op);
}

template <typename T>
u64 unit_address(const Cpu& cpu, const Op* op, i64 bit_offset) {
  constexpr unsigned log2_width = sizeof(T) == 2 ? 4 : sizeof(T) == 4 ? 5 : 6;
  u64 offset = get<u64>(cpu, op->base) + (get<u64>(cpu, op->index) << op->scale_log2) + op->wide;
  offset += static_cast<u64>(bit_offset >> log2_width) * sizeof(T);
  if (op->address32) offset = static_cast<u32>(offset);
  return offset + cpu.hot.segment_base[op->segment];
}

template <BitAction action, typename T, bool by_register>
const Op* bit_of_memory(Cpu& cpu, const Op* op) {
  const u64 offset = by_register ? extended<T>(get<T>(cpu, op->second)) : static_cast<u64>(op->immediate);
  const u64 linear = by_register ? unit_address<T>(cpu, op, static_cast<i64>(offset)) : linear_address(cpu, op);
  const unsigned number = offset & (width<T> - 1);
  if constexpr (action == BitAction::test) {
    const Loaded value = load<T>(cpu, op, linear, segment_of(op));
    if (!value.ok) return broken_off(cpu, op);
    bit_done<action, T>(cpu, static_cast<T>(value.value), number);
  } else if (std::byte* const place = place_to_modify<T>(cpu, linear)) {
    set_at<T>(place, bit_done<action, T>(cpu, at<T>(place), number));
  } else {
    const Loaded value = cpu.load_to_modify(op, linear, sizeof(T), segment_of(op));
    if (!value.ok) return broken_off(cpu, op);
    cpu.store_back(bit_done<action, T>(cpu, static_cast<T>(value.value), number));
  }
  return next(cpu, op);
}

template <BitAction action>
Handler bind_bit(const isa::Instruction& instruction) {
  return by_wide_width(instruction.operand(0).size, [&]<typename T>() -> Handler {
    if (instruction.is_register(1))
      return instruction.is_register(0) ? bit_of_register<action, T, true> : bit_of_memory<action, T, true>;
    return instruction.is_register(0) ? bit_of_register<action, T, false> : bit_of_memory<action, T, false>;
  });
}

}  // namespace

Handler bind_bt(const isa::Instruction& instruction) { return bind_bit<BitAction::test>(instruction); }
Handler bind_bts(const isa::Instruction& instruction) { return bind_bit<BitAction::set>(instruction); }
Handler bind_btr(const isa::Instruction& instruction) { return bind_bit<BitAction::reset>(instruction); }
Handler bind_btc(const isa::Instruction& instruction) { return bind_bit<BitAction::complement>(instruction); }

}  // namespace trapline::cpu
