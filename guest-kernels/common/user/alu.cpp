#include "alu.h"

#include "library.h"

extern "C" const u8 alu_functions[];

u64 alu_mix(u64 sum, const AluRow& row) {
  u64 a = row.a, b = row.b, c = row.c;
  register u64 flags asm("r8") = row.flags;
  const u8* target = alu_functions + row.operation * u64{32};
  // `call` uses the stack below: no red zone in this image.
  asm volatile("call *%4" : "+a"(a), "+c"(b), "+d"(c), "+r"(flags) : "r"(target) : "r9", "cc", "memory");
  sum = library::mix(sum, a);
  return library::mix(sum, c + (flags & row.mask));
}
