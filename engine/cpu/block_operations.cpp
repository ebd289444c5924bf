// Operations that stand for no instruction, or for one that cannot run.
#include "cpu/block_builder.h"

namespace trapline::cpu {

const Op* fall_through(Cpu& cpu, const Op* op) {
  return enter(cpu, op, next_rip(cpu, op), cpu.hot.retired_base + op->index_in_block);
}

const Op* stop_here(Cpu& cpu, const Op* op) { return cpu.leave_before(op); }

const Op* killed(Cpu& cpu, const Op* op) { return cpu.leave_before(op); }

// In front of a block that weighs nothing, which could otherwise loop for ever without coming nearer to any limit.
const Op* weightless(Cpu& cpu, const Op* op) {
  return cpu.count_weightless_block() ? next(cpu, op) : cpu.leave_before(op);
}

// The instruction's bytes lie where other operations have operands: see recording() in the builder.
const Op* record_instruction(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (cpu.goes_on_from_slice()) return next(cpu, op);
  trace::Instruction event;
  event.rip = cpu.rip();
  event.bytes_low = op->wide;
  event.bytes_high = static_cast<u32>(op->immediate) | static_cast<u64>(op->first) << 32 |
                     static_cast<u64>(op->second) << 40 | static_cast<u64>(op->third) << 48;
  event.length = op->length;
  event.cpl = static_cast<u8>(cpu.cpl());
  cpu.bus().emit(event);
  return next(cpu, op);
}

const Op* undefined(Cpu& cpu, const Op* op) { return raise_fault(cpu, op, arch::fault(arch::vector::ud)); }

const Op* too_long(Cpu& cpu, const Op* op) { return raise_fault(cpu, op, arch::fault(arch::vector::gp, 0)); }

const Op* unbound(Cpu& cpu, const Op* op) { return not_implemented(cpu, op); }

// SDM vol. 3, "Emulation of System Features" and "x87 FPU and MMX/SSE Device-Not-Available".
const Op* vector_unit(Cpu& cpu, const Op* op) {
  const bool x87 = op->immediate != 0;
  if (cpu.system.cr0 & arch::cr0::em)
    return raise_fault(cpu, op, arch::fault(x87 ? arch::vector::nm : arch::vector::ud));
  if (cpu.system.cr0 & arch::cr0::ts) return raise_fault(cpu, op, arch::fault(arch::vector::nm));
  return not_implemented(cpu, op);
}

}  // namespace trapline::cpu
