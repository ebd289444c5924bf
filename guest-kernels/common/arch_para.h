// The paravirtual machine: hypercalls, the window, and what the parts of arch_para share. Layouts and numbers are those
// of the ABI, which the monitor includes as well.
#pragma once
#include "../../engine/spec/para_abi.h"
#include "arch.h"

namespace arch::para {

namespace abi = trapline::para_abi;

enum class Hypercall : u64 {
#define HYPERCALL(name, number, ...) name = number,
#define HYPERCALL_ERROR(...)
#define HYPERCALL_RULE(...)
#include "../../engine/spec/hypercalls.def"
#undef HYPERCALL
#undef HYPERCALL_ERROR
#undef HYPERCALL_RULE
};

// Upcalls may come at the end of a hypercall that opens events: they change memory, and no register but RCX and R11.
inline u64 hypercall(Hypercall number, u64 first = 0, u64 second = 0, u64 third = 0) {
  u64 result;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(first), "S"(second), "d"(third)
               : "rcx", "r11", "memory", "cc");
  return result;
}

inline bool is_refusal(u64 result) { return result >= -u64{255}; }

// A refusal is a defect of this kernel: one line, and exit code 0xc0 + error.
[[noreturn]] void refused(Hypercall number, u64 result);

inline u64 must(Hypercall number, u64 first = 0, u64 second = 0, u64 third = 0) {
  const u64 result = hypercall(number, first, second, third);
  if (is_refusal(result)) refused(number, result);
  return result;
}

inline u64 address_of(const volatile void* thing) { return reinterpret_cast<u64>(thing); }

inline volatile abi::SharedPage& shared() { return *reinterpret_cast<volatile abi::SharedPage*>(abi::shared_page); }

inline constexpr u64 bit_of(abi::Channel channel) { return u64{1} << static_cast<u64>(channel); }

// Takes an event of the channel, where one is pending and not held back, and counts it.
bool take(abi::Channel channel);

// Updates of page tables that wait to be sent together; true where there were some.
bool send_updates();

}  // namespace arch::para
