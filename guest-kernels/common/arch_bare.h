// The privileged instructions of the bare machine, one function each, and what the parts of arch_bare share.
#pragma once
#include "arch.h"

namespace arch::bare {

inline void out8(u16 port, u8 value) { asm volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
inline void out32(u16 port, u32 value) { asm volatile("outl %0, %1" : : "a"(value), "Nd"(port)); }
inline u8 in8(u16 port) {
  u8 value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
inline const char* out_bytes(u16 port, const char* from, u64 count) {
  asm volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(port) : "memory");
  return from;
}
inline void in_words(u16 port, void* to, u64 count) {
  asm volatile("rep insw" : "+D"(to), "+c"(count) : "d"(port) : "memory");
}
inline void out_words(u16 port, const void* from, u64 count) {
  asm volatile("rep outsw" : "+S"(from), "+c"(count) : "d"(port) : "memory");
}
inline void write_msr(u32 msr, u64 value) {
  asm volatile("wrmsr" : : "c"(msr), "a"(static_cast<u32>(value)), "d"(static_cast<u32>(value >> 32)));
}
inline u64 read_cr2() {
  u64 value;
  asm volatile("mov %%cr2, %0" : "=r"(value));
  return value;
}
inline void write_cr3(u64 value) { asm volatile("mov %0, %%cr3" : : "r"(value) : "memory"); }
inline void invlpg(u64 linear) { asm volatile("invlpg (%0)" : : "r"(linear) : "memory"); }

// Selectors of the kernel's GDT. SYSRET wants user data and user code in this order (SDM vol. 2, "SYSRET").
inline constexpr u16 kernel_code = 0x08;
inline constexpr u16 kernel_data = 0x10;
inline constexpr u16 user_base = 0x18 | 3;
inline constexpr u16 user_data = 0x20 | 3;
inline constexpr u16 user_code = 0x28 | 3;
inline constexpr u16 task_state = 0x30;

inline constexpr u64 first_interrupt = 0x20;  // vector of IRQ 0; IRQ 8 to 15 follow IRQ 7
inline constexpr u64 vectors = 48;
inline constexpr u64 system_call = 0x100;  // stands for SYSCALL where a vector is told

void start_devices();          // interrupt controllers, serial port
void acknowledge(u64 vector);  // end of interrupt; counts it

}  // namespace arch::bare
