// What the system instructions share: attempts, operands, accesses to system data structures.
#include "cpu/system_support.h"

namespace trapline::cpu {

Attempt attempt_of(const Op* op, Sensitive what) {
  Attempt attempt{what};
  attempt.length = op->length;
  return attempt;
}

u32 memory_operand_information(const Op* op) {
  const bool has_index = op->index != zero_register;
  const bool has_base = op->base != zero_register && op->base != block_rip_register;
  u32 information = op->scale_log2;
  information |= (op->address32 ? 1U : 2U) << 7;
  information |= static_cast<u32>(op->segment) << 15;
  information |= has_index ? static_cast<u32>(gpr_number(op->index)) << 18 : 1U << 22;
  information |= has_base ? static_cast<u32>(gpr_number(op->base)) << 23 : 1U << 27;
  return information;
}

Attempt memory_attempt_of(Cpu& cpu, const Op* op, Sensitive what) {
  Attempt attempt = attempt_of(op, what);
  attempt.from_memory = true;
  attempt.linear = linear_address(cpu, op);
  // SDM vol. 3, "Exit Qualification": the displacement; of a RIP-relative operand the address that it names.
  attempt.displacement = op->base == block_rip_register ? op->wide + get<u64>(cpu, op->base) : op->wide;
  attempt.instruction_information = memory_operand_information(op);
  return attempt;
}

Step ask(Cpu& cpu, const Attempt& attempt) {
  if (cpu.ports().attempt(attempt) != Verdict::exit) return Step::done;
  cpu.set_pending(Verdict::exit);
  return Step::pending;
}

void put_sized(Cpu& cpu, u8 offset, unsigned size, u64 value) {
  if (size == 2)
    put<u16>(cpu, offset, static_cast<u16>(value));
  else if (size == 4)
    put<u32>(cpu, offset, static_cast<u32>(value));
  else
    put<u64>(cpu, offset, value);
}

Loaded load_word(Cpu& cpu, const Op* op, bool from_memory, u8 offset) {
  if (!from_memory) return {get<u16>(cpu, offset), true};
  return cpu.load_slow(op, linear_address(cpu, op), 2, segment_of(op));
}

Step load_system(Cpu& cpu, const Op* op, u64 linear, unsigned size, u64& value) {
  const Loaded loaded = cpu.load_slow(op, linear, size, arch::ds, Privilege::supervisor);
  value = loaded.value;
  return loaded.ok ? Step::done : Step::pending;
}

Step store_system(Cpu& cpu, const Op* op, u64 linear, unsigned size, u64 value) {
  return cpu.store_slow(op, linear, size, value, arch::ds, Privilege::supervisor) ? Step::done : Step::pending;
}

Step stack_from_tss(Cpu& cpu, const Op* op, u8 cpl, u8 stack_table, u32 ext, u64& rsp) {
  const arch::Segment& tr = cpu.system.tr;
  const u64 offset = stack_table ? 28 + stack_table * 8ULL : 4 + cpl * 8ULL;
  if (tr.unusable() || offset + 7 > tr.limit)
    return fail(cpu, arch::fault(arch::vector::ts, Selector{tr.selector}.error_code() | ext));
  if (const Step step = load_system(cpu, op, tr.base + offset, 8, rsp); step != Step::done) return step;
  // SDM vol. 2, "INT n": a new stack pointer that is not canonical is #SS(EXT).
  return is_canonical(rsp) ? Step::done : fail(cpu, arch::fault(arch::vector::ss, ext));
}

bool cpuid_bit(Cpu& cpu, u32 leaf, CpuidRegister reg, unsigned index) {
  u32 registers[4] = {};
  cpu.ports().cpuid(leaf, 0, registers);
  return has_bit(registers[static_cast<unsigned>(reg)], index);
}

unsigned physical_address_bits(Cpu& cpu) {
  u32 registers[4] = {};
  cpu.ports().cpuid(0x80000008, 0, registers);
  const unsigned width = registers[0] & 0xff;
  return width >= 32 && width <= 52 ? width : 52;
}

}  // namespace trapline::cpu
