// A small machine in 256 KiB: page tables, GDT, LDT, IDT, TSS, stacks and code at fixed places, as bytes that this
// engine, KVM and Unicorn can all start from. Every IDT handler is a HLT of its own, so where the machine halts tells
// what was delivered.
#pragma once

#include <string>
#include <vector>

#include "arch/cpu_state.h"
#include "arch/fault.h"

namespace trapline::test {

inline constexpr u64 world_bytes = 0x40000;
namespace at {
inline constexpr u64 tables = 0x1000, gdt = 0x5000, idt = 0x6000, tss = 0x7000, ldt = 0x8000, kernel_code = 0x10000,
                     handlers = 0x12000, user_code = 0x20000, kernel_stack = 0x31000, interrupt_stack = 0x33000,
                     user_stack = 0x35000, user_data = 0x38000, kernel_data = 0x3a000, absent_page = 0x3c000,
                     read_only_page = 0x3d000;
}

// Selectors of the GDT.
namespace sel {
inline constexpr u16 code0 = 0x08, data0 = 0x10, data3 = 0x18 | 3, code3 = 0x20 | 3, tss = 0x28, free_tss = 0x38,
                     ldt = 0x48, conforming = 0x58, code32 = 0x60, absent_code = 0x68, absent_data = 0x70,
                     read_only = 0x78, execute_only = 0x80, impossible_code = 0x88, gate3 = 0x90, fresh_data = 0xa0,
                     gate0 = 0xa8, absent_gate = 0xb8, data1 = 0xc8, code1 = 0xd0, interrupt_gate = 0xd8,
                     far_tss = 0xe8, absent_ldt = 0xf8, beyond = 0x108;
}

enum PageRight : u8 { absent = 0, supervisor = 1, user = 2, read_only = 4 };

struct World {
  std::vector<u8> memory;
  arch::CpuState state;

  World();

  void put(u64 address, u64 value, unsigned size = 8);
  u64 get(u64 address, unsigned size = 8) const;
  void put_bytes(u64 address, const std::vector<u8>& bytes);
  // Puts code at the place of its privilege level, and what ends it behind: HLT at 0, UD2 at 3.
  void set_code(unsigned cpl, const std::vector<u8>& code);
  u64 end_of_code() const { return end_of_code_; }

  void set_gate(unsigned vector, u16 selector, u64 offset, unsigned type, unsigned dpl, bool present = true,
                unsigned stack_table = 0);
  void set_page(u64 address, u8 rights);
  u8 page(u64 address) const;

 private:
  u64 end_of_code_ = 0;
};

u64 descriptor(u64 base, u64 limit, unsigned access, unsigned flags);

// What came of running a World until it halts.
struct Outcome {
  enum class End { completed, fault, shutdown, not_implemented, vm_exit, skipped } end = End::skipped;
  u8 vector = 0;
  u32 error_code = 0;  // 0 where the vector has none
  std::string detail;
  friend bool operator==(const Outcome& left, const Outcome& right) {
    return left.end == right.end && left.vector == right.vector && left.error_code == right.error_code;
  }
};
std::string text(const Outcome& outcome);

// From the state in which a run halted: at the end of the code, or in a handler.
Outcome outcome_of_halt(const World& before, const World& after);
bool has_error_code(u8 vector);

}  // namespace trapline::test
