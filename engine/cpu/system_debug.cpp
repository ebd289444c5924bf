// Debug registers: MOV to and from DR0-DR7, with general detect (DR7.GD).
//
// SDM vol. 2, "MOV - Move to/from Debug Registers"; vol. 3, "Debug Registers", "General-Detect Exception Condition".
// Breakpoints are not implemented: a DR7 that enables one says so by name instead of silently never breaking.
#include "cpu/system_support.h"

namespace trapline::cpu {

namespace {

using namespace arch;

constexpr u64 dr6_fixed = 0xffff0ff0, dr6_writable = 0xe00f;
constexpr u64 dr7_fixed = 0x400, dr7_writable = 0xffff23ff;  // bits 10; 11, 12, 14, 15 are fixed
constexpr u64 dr7_enables = 0xff, dr7_general_detect = bit(13), dr6_general_detect = bit(13);

// DR4 and DR5 are names of DR6 and DR7 unless CR4.DE makes them undefined.
Step check_debug(Cpu& cpu, const Op* op, u8& number, u8 gpr, bool from_register) {
  if (number > 7 || ((number == 4 || number == 5) && (cpu.system.cr4 & cr4::de))) return fail_ud(cpu);
  if (cpu.cpl() != 0) return fail_gp(cpu);
  Attempt attempt = attempt_of(op, Sensitive::mov_dr);
  attempt.number = number;
  attempt.gpr = gpr;
  attempt.from_register = from_register;
  if (const Step step = ask(cpu, attempt); step != Step::done) return step;
  if (number == 4 || number == 5) number += 2;
  if (!(cpu.system.dr[7] & dr7_general_detect)) return Step::done;
  Fault debug = fault(vector::db);
  debug.cr2 = dr6_general_detect;
  return fail(cpu, debug);
}

const Op* mov_to_dr(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  u8 number = op->first;
  const u64 value = get<u64>(cpu, op->second);
  const Step step = check_debug(cpu, op, number, gpr_number(op->second), false);
  if (step != Step::done) return conclude(cpu, op, step);
  if (number >= 6 && value >> 32) return conclude(cpu, op, fail_gp(cpu));
  if (number == 7 && (value & dr7_enables)) return not_implemented(cpu, op);
  u64& place = cpu.system.dr[number];
  if (number == 6)
    place = dr6_fixed | (value & dr6_writable);
  else if (number == 7)
    place = dr7_fixed | (value & dr7_writable);
  else
    place = value;
  return finish(cpu, op);
}

const Op* mov_from_dr(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  u8 number = op->second;
  const Step step = check_debug(cpu, op, number, gpr_number(op->first), true);
  if (step != Step::done) return conclude(cpu, op, step);
  put<u64>(cpu, op->first, cpu.system.dr[number]);
  return finish(cpu, op);
}

bool is_register(const isa::Operand& operand, isa::RegisterKind kind) {
  return operand.kind == isa::OperandKind::reg && operand.register_kind == kind;
}

}  // namespace

Handler bind_mov_segment(const isa::Instruction& instruction);
Handler bind_mov_to_control(const isa::Instruction& instruction);
Handler bind_mov_from_control(const isa::Instruction& instruction);

Handler bind_mov_system(const isa::Instruction& instruction) {
  const isa::Operand& to = instruction.operand(0);
  const isa::Operand& from = instruction.operand(1);
  if (is_register(to, isa::RegisterKind::control)) return bind_mov_to_control(instruction);
  if (is_register(from, isa::RegisterKind::control)) return bind_mov_from_control(instruction);
  if (is_register(to, isa::RegisterKind::debug)) return mov_to_dr;
  if (is_register(from, isa::RegisterKind::debug)) return mov_from_dr;
  if (is_register(to, isa::RegisterKind::segment) || is_register(from, isa::RegisterKind::segment))
    return bind_mov_segment(instruction);
  return nullptr;
}

}  // namespace trapline::cpu
