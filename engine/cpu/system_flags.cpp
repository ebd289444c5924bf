// RFLAGS by privilege: CLI STI PUSHF POPF STAC CLAC.
//
// SDM vol. 2 under each name; vol. 3, "IOPL and interrupts" ("Masking Maskable Hardware Interrupts"), "Protected-Mode
// Virtual Interrupts" for CR4.PVI. What makes POPF sensitive without being privileged: above IOPL it keeps IF silently.
#include "cpu/system_support.h"

namespace trapline::cpu {

namespace {

using namespace arch;

unsigned iopl(const Cpu& cpu) { return static_cast<unsigned>(bits(cpu.rflags(), 13, 12)); }

bool virtual_interrupts(const Cpu& cpu) { return (cpu.system.cr4 & cr4::pvi) && cpu.cpl() == 3; }

const Op* cli(Cpu& cpu, const Op* op) {
  u64 cleared = flag::if_;
  if (cpu.cpl() > iopl(cpu)) {
    if (!virtual_interrupts(cpu)) return conclude(cpu, op, fail_gp(cpu));
    cleared = flag::vif;
  }
  cpu.set_rflags(cpu.rflags() & ~cleared);
  return finish(cpu, op);
}

const Op* sti(Cpu& cpu, const Op* op) {
  const u64 flags = cpu.rflags();
  if (cpu.cpl() > iopl(cpu)) {
    if (!virtual_interrupts(cpu) || (flags & flag::vip)) return conclude(cpu, op, fail_gp(cpu));
    cpu.set_rflags(flags | flag::vif);
    return finish(cpu, op);
  }
  if (!(flags & flag::if_)) cpu.begin_shadow_by_sti();  // "delays recognition ... if IF was 0"
  cpu.set_rflags(flags | flag::if_);
  return finish(cpu, op);
}

const Op* pushf(Cpu& cpu, const Op* op) {
  const unsigned size = op->operand_size == 2 ? 2 : 8;
  const u64 rsp = cpu.gpr(arch::rsp) - size;
  const u64 image = cpu.rflags() & ~(flag::rf | flag::vm);
  if (!cpu.store_slow(op, rsp, size, image & low_bytes_mask(size), ss)) return broken_off(cpu, op);
  cpu.gpr(arch::rsp) = rsp;
  return finish(cpu, op);
}

const Op* popf(Cpu& cpu, const Op* op) {
  const unsigned size = op->operand_size == 2 ? 2 : 8;
  const Loaded popped = cpu.load_slow(op, cpu.gpr(rsp), size, ss);
  if (!popped.ok) return broken_off(cpu, op);
  u64 loaded = flag::arithmetic | flag::tf | flag::df | flag::nt;
  if (size == 8) loaded |= flag::ac | flag::id;
  if (cpu.cpl() <= iopl(cpu)) loaded |= flag::if_;
  if (cpu.cpl() == 0) loaded |= flag::iopl;
  const u64 kept = cpu.rflags() & ~(loaded | flag::rf);
  cpu.set_rflags(kept | (popped.value & loaded));
  cpu.gpr(rsp) += size;
  return finish(cpu, op);
}

template <bool value>
const Op* set_ac(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (cpu.cpl() != 0 || !cpuid_bit(cpu, 7, CpuidRegister::ebx, 20)) return conclude(cpu, op, fail_ud(cpu));
  cpu.set_rflags(value ? cpu.rflags() | flag::ac : cpu.rflags() & ~flag::ac);
  return finish(cpu, op);
}

}  // namespace

Handler bind_cli(const isa::Instruction&) { return cli; }
Handler bind_sti(const isa::Instruction&) { return sti; }
Handler bind_pushf(const isa::Instruction&) { return pushf; }
Handler bind_pushfq(const isa::Instruction&) { return pushf; }
Handler bind_popf(const isa::Instruction&) { return popf; }
Handler bind_popfq(const isa::Instruction&) { return popf; }
Handler bind_stac(const isa::Instruction&) { return set_ac<true>; }
Handler bind_clac(const isa::Instruction&) { return set_ac<false>; }

}  // namespace trapline::cpu
