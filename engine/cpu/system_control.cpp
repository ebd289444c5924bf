// Control registers: MOV to and from CR0, CR2, CR3, CR4, CR8, and CLTS, LMSW, SMSW.
//
// SDM vol. 2, "MOV - Move to/from Control Registers", "CLTS", "LMSW", "SMSW"; vol. 3, "Control Registers", "Process-
// Context Identifiers (PCIDs)". A write asks the pins before its own checks of reserved bits, since only faults of
// privilege come before a VM exit (vol. 3, "Relative Priority of Faults and VM Exits").
#include "cpu/system_support.h"

namespace trapline::cpu {

namespace {

using namespace arch;

void tell(Cpu& cpu, unsigned number, u64 old_value, u64 value) {
  trace::CrAccess event;
  event.cr = static_cast<u8>(number);
  event.old_value = old_value;
  event.value = value;
  event.rip = cpu.rip();
  cpu.bus().emit(event);
}

// ---- CR0
// -------------------------------------------------------------------------------------------------------------
constexpr u64 cr0_known =
    cr0::pe | cr0::mp | cr0::em | cr0::ts | cr0::et | cr0::ne | cr0::wp | cr0::am | cr0::nw | cr0::cd | cr0::pg;

Step check_cr0(Cpu& cpu, u64 value) {
  if ((value & cr0::pg) && !(value & cr0::pe)) return fail_gp(cpu);
  if ((value & cr0::nw) && !(value & cr0::cd)) return fail_gp(cpu);
  // 64-bit mode cannot be left by clearing PG, with or without CR4.PCIDE.
  if (!(value & cr0::pg)) return fail_gp(cpu);
  return Step::done;
}

// What is checked is the value that the register would get, after the pins have kept what is not the guest's.
Step write_cr0(Cpu& cpu, u64 value) {
  const u64 old_value = cpu.system.cr0;
  if (value >> 32) return fail_gp(cpu);
  value = (value & cr0_known) | cr0::et;  // reserved bits of the lower half ignore writes, ET is 1
  if (!cpu.ports().control_register_allowed(0, value)) return fail_gp(cpu);
  if (const Step step = check_cr0(cpu, value); step != Step::done) return step;
  cpu.system.cr0 = value;
  tell(cpu, 0, old_value, cpu.system.cr0);
  cpu.ports().control_register_written(0, old_value);
  cpu.mode_changed();
  return Step::done;
}

// ---- CR3
// -------------------------------------------------------------------------------------------------------------
constexpr u64 cr3_no_flush = bit(63);

Step check_cr3(Cpu& cpu, u64 value) {
  u64 allowed = bit_mask(physical_address_bits(cpu) - 1, 0);
  if (cpu.system.cr4 & cr4::pcide) allowed |= cr3_no_flush;
  return value & ~allowed ? fail_gp(cpu) : Step::done;
}

void write_cr3(Cpu& cpu, u64 value) {
  const u64 old_value = cpu.system.cr3;
  cpu.system.cr3 = value & ~cr3_no_flush;
  tell(cpu, 3, old_value, cpu.system.cr3);
  if (value & cr3_no_flush)
    cpu.ports().cr3_written_without_flush(old_value);
  else
    cpu.ports().control_register_written(3, old_value);
}

// ---- CR4
// ------------------------------------------------------------------------------------------------------------- A bit
// is reserved where CPUID does not report its feature.
u64 cr4_allowed(Cpu& cpu) {
  struct Row {
    u64 bits;
    u32 leaf;
    CpuidRegister reg;
    u8 index;
  };
  constexpr Row rows[] = {
      {cr4::vme | cr4::pvi, 1, CpuidRegister::edx, 1}, {cr4::vmxe, 1, CpuidRegister::ecx, 5},
      {cr4::pcide, 1, CpuidRegister::ecx, 17},         {cr4::osxsave, 1, CpuidRegister::ecx, 26},
      {cr4::fsgsbase, 7, CpuidRegister::ebx, 0},       {cr4::smep, 7, CpuidRegister::ebx, 7},
      {cr4::smap, 7, CpuidRegister::ebx, 20},          {cr4::umip, 7, CpuidRegister::ecx, 2},
  };
  u64 allowed =
      cr4::tsd | cr4::de | cr4::pse | cr4::pae | cr4::mce | cr4::pge | cr4::pce | cr4::osfxsr | cr4::osxmmexcpt;
  for (const Row& row : rows)
    if (cpuid_bit(cpu, row.leaf, row.reg, row.index)) allowed |= row.bits;
  return allowed;
}

Step check_cr4(Cpu& cpu, u64 value) {
  const u64 now = cpu.system.cr4;
  if (value & ~cr4_allowed(cpu)) return fail_gp(cpu);
  if (!(value & cr4::pae)) return fail_gp(cpu);  // IA-32e mode needs it
  const bool enables_pcid = (value & cr4::pcide) && !(now & cr4::pcide);
  if (enables_pcid && (cpu.system.cr3 & 0xfff)) return fail_gp(cpu);
  return Step::done;
}

Step write_cr4(Cpu& cpu, u64 value) {
  const u64 old_value = cpu.system.cr4;
  if (!cpu.ports().control_register_allowed(4, value)) return fail_gp(cpu);
  if (const Step step = check_cr4(cpu, value); step != Step::done) return step;
  cpu.system.cr4 = value;
  tell(cpu, 4, old_value, value);
  cpu.ports().control_register_written(4, old_value);
  cpu.mode_changed();
  return Step::done;
}

Step write_control(Cpu& cpu, unsigned number, u64 value) {
  switch (number) {
    case 0:
      return write_cr0(cpu, value);
    case 2:
      tell(cpu, 2, cpu.system.cr2, value);
      cpu.system.cr2 = value;
      return Step::done;
    case 3:
      if (const Step step = check_cr3(cpu, value); step != Step::done) return step;
      write_cr3(cpu, value);
      return Step::done;
    case 4:
      return write_cr4(cpu, value);
    default:  // 8: the task priority
      if (value & ~15ULL) return fail_gp(cpu);
      tell(cpu, 8, cpu.system.cr8, value);
      cpu.system.cr8 = value;
      return Step::done;
  }
}

u64 control_value(const CpuState& state, unsigned number) {
  switch (number) {
    case 0:
      return state.cr0;
    case 2:
      return state.cr2;
    case 3:
      return state.cr3;
    case 4:
      return state.cr4;
    default:
      return state.cr8;
  }
}

bool exists(unsigned number) { return number == 0 || number == 2 || number == 3 || number == 4 || number == 8; }

const Op* mov_to_cr(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  const unsigned number = op->first;
  if (!exists(number)) return conclude(cpu, op, fail_ud(cpu));
  if (cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  Attempt attempt = attempt_of(op, Sensitive::mov_to_cr);
  attempt.number = static_cast<u16>(number);
  attempt.gpr = gpr_number(op->second);
  attempt.value = get<u64>(cpu, op->second);
  if (const Step step = ask(cpu, attempt); step != Step::done) return conclude(cpu, op, step);
  return conclude(cpu, op, write_control(cpu, number, attempt.value));
}

const Op* mov_from_cr(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  const unsigned number = op->second;
  if (!exists(number)) return conclude(cpu, op, fail_ud(cpu));
  if (cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  Attempt attempt = attempt_of(op, Sensitive::mov_from_cr);
  attempt.number = static_cast<u16>(number);
  attempt.gpr = gpr_number(op->first);
  if (const Step step = ask(cpu, attempt); step != Step::done) return conclude(cpu, op, step);
  put<u64>(cpu, op->first, cpu.ports().control_register_seen(number, control_value(cpu.system, number)));
  return finish(cpu, op);
}

// ---- CLTS, LMSW, SMSW
// --------------------------------------------------------------------------------------------------
const Op* clts(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  if (const Step step = ask(cpu, attempt_of(op, Sensitive::clts)); step != Step::done) return conclude(cpu, op, step);
  return conclude(cpu, op, write_cr0(cpu, cpu.system.cr0 & ~cr0::ts));
}

// Loads PE, MP, EM, TS; PE can be set by it but not cleared.
template <bool from_memory>
const Op* lmsw(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  const Loaded word = load_word(cpu, op, from_memory, op->first);  // has priority over the exit, which looks at it
  if (!word.ok) return broken_off(cpu, op);
  Attempt attempt = from_memory ? memory_attempt_of(cpu, op, Sensitive::lmsw) : attempt_of(op, Sensitive::lmsw);
  attempt.value = word.value;
  if (!from_memory) attempt.gpr = gpr_number(op->first);
  if (const Step step = ask(cpu, attempt); step != Step::done) return conclude(cpu, op, step);
  const u64 kept = cpu.system.cr0 & (~15ULL | cr0::pe);
  return conclude(cpu, op, write_cr0(cpu, kept | (word.value & 15)));
}

template <bool to_memory>
const Op* smsw(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if ((cpu.system.cr4 & cr4::umip) && cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  Attempt attempt = to_memory ? memory_attempt_of(cpu, op, Sensitive::smsw) : attempt_of(op, Sensitive::smsw);
  if (!to_memory) attempt.gpr = gpr_number(op->first);
  if (const Step step = ask(cpu, attempt); step != Step::done) return conclude(cpu, op, step);
  const u64 value = cpu.ports().control_register_seen(0, cpu.system.cr0);
  if constexpr (to_memory) {
    if (!cpu.store_slow(op, attempt.linear, 2, value & 0xffff, segment_of(op))) return broken_off(cpu, op);
  } else {
    put_sized(cpu, op->first, op->operand_size, value);
  }
  return finish(cpu, op);
}

}  // namespace

Handler bind_mov_to_control(const isa::Instruction&) { return mov_to_cr; }
Handler bind_mov_from_control(const isa::Instruction&) { return mov_from_cr; }
Handler bind_clts(const isa::Instruction&) { return clts; }
Handler bind_lmsw(const isa::Instruction& instruction) { return instruction.is_memory(0) ? lmsw<true> : lmsw<false>; }
Handler bind_smsw(const isa::Instruction& instruction) { return instruction.is_memory(0) ? smsw<true> : smsw<false>; }

}  // namespace trapline::cpu
