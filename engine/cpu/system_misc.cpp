// CPUID HLT PAUSE MONITOR MWAIT, INVLPG INVPCID, INVD WBINVD, INT n INT3 INT1 UD0-UD2, RDRAND RDSEED RDPID, RSM.
//
// SDM vol. 2 under each name; vol. 3, "Relative Priority of Faults and VM Exits".
#include "cpu/system_support.h"

namespace trapline::cpu {

namespace {

using namespace arch;

void tell_cpuid(Cpu& cpu, u32 leaf, u32 subleaf, const u32 (&answer)[4]) {
  trace::Cpuid event;
  event.leaf = leaf;
  event.subleaf = subleaf;
  event.eax = answer[0];
  event.ebx = answer[1];
  event.ecx = answer[2];
  event.edx = answer[3];
  cpu.bus().emit(event);
}

const Op* cpuid(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (const Step step = ask(cpu, attempt_of(op, Sensitive::cpuid)); step != Step::done) return conclude(cpu, op, step);
  const u32 leaf = static_cast<u32>(cpu.gpr(rax)), subleaf = static_cast<u32>(cpu.gpr(rcx));
  u32 answer[4] = {};
  cpu.ports().cpuid(leaf, subleaf, answer);
  tell_cpuid(cpu, leaf, subleaf, answer);
  cpu.gpr(rax) = answer[0];
  cpu.gpr(rbx) = answer[1];
  cpu.gpr(rcx) = answer[2];
  cpu.gpr(rdx) = answer[3];
  return finish(cpu, op);
}

const Op* hlt(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  if (const Step step = ask(cpu, attempt_of(op, Sensitive::hlt)); step != Step::done) return conclude(cpu, op, step);
  cpu.system.activity = Activity::halted;
  return finish(cpu, op);
}

const Op* pause(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  return conclude(cpu, op, ask(cpu, attempt_of(op, Sensitive::pause)));
}

// INVD and WBINVD: this machine has no data caches, so after the checks there is nothing left to do.
template <Sensitive what>
const Op* empty_caches(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  return conclude(cpu, op, ask(cpu, attempt_of(op, what)));
}

// ---- MONITOR, MWAIT: undefined where CPUID does not report them, and above CPL 0
// ---------------------------------------
bool has_monitor(Cpu& cpu) { return cpu.cpl() == 0 && cpuid_bit(cpu, 1, CpuidRegister::ecx, 3); }

const Op* monitor(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (!has_monitor(cpu)) return conclude(cpu, op, fail_ud(cpu));
  if (const Step step = ask(cpu, attempt_of(op, Sensitive::monitor)); step != Step::done)
    return conclude(cpu, op, step);
  if (static_cast<u32>(cpu.gpr(rcx)) != 0) return conclude(cpu, op, fail_gp(cpu));
  const u64 offset = op->address32 ? static_cast<u32>(cpu.gpr(rax)) : cpu.gpr(rax);
  const u64 linear = offset + cpu.hot.segment_base[op->segment];
  return cpu.load_slow(op, linear, 1, segment_of(op)).ok ? finish(cpu, op) : broken_off(cpu, op);
}

// Waking at once is among what the manual allows ("other implementation-dependent events").
const Op* mwait(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (!has_monitor(cpu)) return conclude(cpu, op, fail_ud(cpu));
  if (const Step step = ask(cpu, attempt_of(op, Sensitive::mwait)); step != Step::done) return conclude(cpu, op, step);
  return static_cast<u32>(cpu.gpr(rcx)) > 1 ? conclude(cpu, op, fail_gp(cpu)) : finish(cpu, op);
}

// ---- INVLPG, INVPCID
// ------------------------------------------------------------------------------------------------------
const Op* invlpg(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  const Attempt attempt = memory_attempt_of(cpu, op, Sensitive::invlpg);
  if (const Step step = ask(cpu, attempt); step != Step::done) return conclude(cpu, op, step);
  if (is_canonical(attempt.linear)) cpu.ports().invlpg(Gva(attempt.linear));  // otherwise like a NOP
  return finish(cpu, op);
}

Step check_invpcid(Cpu& cpu, u64 type, u64 descriptor, u64 linear) {
  if (type > 3) return fail_gp(cpu);
  const u64 pcid = descriptor & 0xfff;
  const bool uses_pcid = type <= 1, uses_linear = type == 0;
  if (uses_pcid && (descriptor >> 12 || (!(cpu.system.cr4 & cr4::pcide) && pcid != 0))) return fail_gp(cpu);
  return uses_linear && !is_canonical(linear) ? fail_gp(cpu) : Step::done;
}

const Op* invpcid(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  const bool there = cpuid_bit(cpu, 7, CpuidRegister::ebx, 10) && !cpu.ports().undefined_here(Sensitive::invpcid);
  if (!there) return conclude(cpu, op, fail_ud(cpu));
  if (cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  Attempt attempt = memory_attempt_of(cpu, op, Sensitive::invpcid);
  attempt.gpr = gpr_number(op->first);
  attempt.instruction_information |= static_cast<u32>(attempt.gpr) << information_second;
  if (const Step step = ask(cpu, attempt); step != Step::done) return conclude(cpu, op, step);
  const Loaded low = cpu.load_slow(op, attempt.linear, 8, segment_of(op));
  if (!low.ok) return broken_off(cpu, op);
  const Loaded high = cpu.load_slow(op, attempt.linear + 8, 8, segment_of(op));
  if (!high.ok) return broken_off(cpu, op);
  const u64 type = get<u64>(cpu, op->first);
  if (const Step step = check_invpcid(cpu, type, low.value, high.value); step != Step::done)
    return conclude(cpu, op, step);
  cpu.ports().invpcid(type, low.value & 0xfff, Gva(high.value));
  return finish(cpu, op);
}

// ---- software events and undefined instructions
// -----------------------------------------------------------------------------
const Op* int_n(Cpu& cpu, const Op* op) {
  return software_event(cpu, op, static_cast<u8>(op->immediate), EventType::software_interrupt);
}
const Op* int3(Cpu& cpu, const Op* op) { return software_event(cpu, op, vector::bp, EventType::software_exception); }
const Op* int1(Cpu& cpu, const Op* op) {
  return software_event(cpu, op, vector::db, EventType::privileged_software_exception);
}
const Op* undefined(Cpu& cpu, const Op* op) { return conclude(cpu, op, fail_ud(cpu)); }

// RDRAND and RDSEED where CPUID does not report them are undefined; where it does, nothing here could answer.
template <Sensitive what, u32 leaf, CpuidRegister reg, unsigned index>
const Op* random_number(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (!cpuid_bit(cpu, leaf, reg, index)) return conclude(cpu, op, fail_ud(cpu));
  Attempt attempt = attempt_of(op, what);
  attempt.gpr = gpr_number(op->first);
  const u32 size = op->operand_size == 2 ? 0 : op->operand_size == 4 ? 1 : 2;
  attempt.instruction_information = static_cast<u32>(attempt.gpr) << information_reg1 | size << 11;
  if (const Step step = ask(cpu, attempt); step != Step::done) return conclude(cpu, op, step);
  return not_implemented(cpu, op);
}

const Op* rdpid(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (!cpuid_bit(cpu, 7, CpuidRegister::ecx, 22)) return conclude(cpu, op, fail_ud(cpu));
  put<u64>(cpu, op->first, cpu.system.tsc_aux);
  return finish(cpu, op);
}

}  // namespace

Handler bind_cpuid(const isa::Instruction&) { return cpuid; }
Handler bind_hlt(const isa::Instruction&) { return hlt; }
Handler bind_pause(const isa::Instruction&) { return pause; }
Handler bind_invd(const isa::Instruction&) { return empty_caches<Sensitive::invd>; }
Handler bind_wbinvd(const isa::Instruction&) { return empty_caches<Sensitive::wbinvd>; }
Handler bind_monitor(const isa::Instruction&) { return monitor; }
Handler bind_mwait(const isa::Instruction&) { return mwait; }
Handler bind_invlpg(const isa::Instruction&) { return invlpg; }
Handler bind_invpcid(const isa::Instruction&) { return invpcid; }
Handler bind_int_(const isa::Instruction&) { return int_n; }
Handler bind_int3(const isa::Instruction&) { return int3; }
Handler bind_int1(const isa::Instruction&) { return int1; }
Handler bind_into(const isa::Instruction&) { return undefined; }  // invalid in 64-bit mode
Handler bind_ud0(const isa::Instruction&) { return undefined; }
Handler bind_ud1(const isa::Instruction&) { return undefined; }
Handler bind_ud2(const isa::Instruction&) { return undefined; }
Handler bind_rsm(const isa::Instruction&) { return undefined; }  // outside SMM
Handler bind_rdpid(const isa::Instruction&) { return rdpid; }
Handler bind_rdrand(const isa::Instruction&) { return random_number<Sensitive::rdrand, 1, CpuidRegister::ecx, 30>; }
Handler bind_rdseed(const isa::Instruction&) { return random_number<Sensitive::rdseed, 7, CpuidRegister::ebx, 18>; }

}  // namespace trapline::cpu
