// Pushing, as PUSH and CALL do it.
#pragma once

#include "cpu/handlers.h"

namespace trapline::cpu {

// False, and RSP as it was, where the store failed.
template <typename T>
inline bool push_value(Cpu& cpu, const Op* op, T value) {
  const u64 top = cpu.gpr(arch::rsp) - sizeof(T);
  if (!store<T>(cpu, op, top, value, arch::ss)) [[unlikely]]
    return false;
  cpu.gpr(arch::rsp) = top;
  return true;
}

}  // namespace trapline::cpu
