// Selectors, descriptors and gates as values: bits in, fields out, no memory and no faults.
//
// Layout: SDM vol. 3, "Segment Selectors", "Segment Descriptors", "System Descriptor Types", "Call Gates" and "64-Bit
// Mode IDT". In IA-32e mode system descriptors and gates are 16 bytes; the second eight hold bits 63:32 of an address.
#pragma once

#include "arch/cpu_state.h"

namespace trapline::cpu {

struct Selector {
  u16 value = 0;

  constexpr u8 rpl() const { return value & 3; }
  constexpr bool in_ldt() const { return value & 4; }
  constexpr bool null() const { return (value & ~3U) == 0; }
  constexpr u64 offset() const { return value & ~7ULL; }
  // Selector part of an error code (SDM vol. 3, "Error Code"): index and TI, with EXT and IDT clear.
  constexpr u32 error_code() const { return value & ~3U; }
  constexpr Selector with_rpl(u8 rpl) const { return {static_cast<u16>((value & ~3U) | rpl)}; }
};

// Types of system descriptors in IA-32e mode.
namespace system_type {
inline constexpr u8 ldt = 2, available_tss = 9, busy_tss = 11, call_gate = 12, interrupt_gate = 14, trap_gate = 15;
}

struct Descriptor {
  u64 low = 0;   // the first eight bytes
  u64 high = 0;  // the second eight of a 16-byte system descriptor

  constexpr u8 type() const { return bits(low, 43, 40); }
  constexpr bool code_or_data() const { return has_bit(low, 44); }
  constexpr u8 dpl() const { return bits(low, 46, 45); }
  constexpr bool present() const { return has_bit(low, 47); }
  constexpr bool long_mode() const { return has_bit(low, 53); }
  constexpr bool big() const { return has_bit(low, 54); }

  constexpr bool code() const { return code_or_data() && has_bit(low, 43); }
  constexpr bool data() const { return code_or_data() && !has_bit(low, 43); }
  constexpr bool conforming() const { return code() && has_bit(low, 42); }
  constexpr bool readable() const { return data() || has_bit(low, 41); }
  constexpr bool writable() const { return data() && has_bit(low, 41); }
  constexpr bool accessed() const { return has_bit(low, 40); }
  constexpr bool system_of(u8 wanted) const { return !code_or_data() && type() == wanted; }

  constexpr u32 base_low() const { return static_cast<u32>(bits(low, 39, 16) | bits(low, 63, 56) << 24); }
  constexpr u64 base() const { return code_or_data() ? base_low() : base_low() | high << 32; }
  constexpr u32 limit() const {
    const u32 raw = static_cast<u32>(bits(low, 15, 0) | bits(low, 51, 48) << 16);
    return has_bit(low, 55) ? raw << 12 | 0xfff : raw;
  }
  // SDM vol. 3, "Guest Register State": type, S, DPL, P in 7:0; AVL, L, D/B, G in 15:12.
  constexpr u32 access_rights() const { return bits(low, 55, 40) & 0xf0ff; }
  // Bits 12:8 of the fourth doubleword must be zero in a 16-byte system descriptor.
  constexpr bool upper_type_clear() const { return bits(high, 44, 40) == 0; }

  constexpr arch::Segment segment(Selector selector) const {
    return {selector.value, access_rights(), limit(), base()};
  }
};

// Interrupt, trap and call gates of IA-32e mode.
struct Gate {
  u64 low = 0;
  u64 high = 0;

  constexpr u64 offset() const { return bits(low, 15, 0) | bits(low, 63, 48) << 16 | bits(high, 31, 0) << 32; }
  constexpr Selector selector() const { return {static_cast<u16>(bits(low, 31, 16))}; }
  constexpr u8 stack_table() const { return bits(low, 34, 32); }  // IST; 0: the legacy stack switch
  constexpr u8 type() const { return bits(low, 43, 40); }
  constexpr bool system() const { return !has_bit(low, 44); }
  constexpr u8 dpl() const { return bits(low, 46, 45); }
  constexpr bool present() const { return has_bit(low, 47); }
  constexpr bool upper_type_clear() const { return bits(high, 44, 40) == 0; }
};

// What a data-segment register holds after a null selector was loaded in 64-bit mode. SS keeps its DPL, since that is
// the CPL.
constexpr arch::Segment null_segment(Selector selector, u8 dpl = 0) {
  return {selector.value, static_cast<u32>(bit(16) | dpl << 5), 0, 0};
}

}  // namespace trapline::cpu
