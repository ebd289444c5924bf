// RDMSR, WRMSR, RDTSC, RDTSCP, RDPMC, XGETBV, XSETBV.
//
// SDM vol. 2 under each name; vol. 4, "Architectural MSRs" for which values are refused; vol. 3, "IA32_EFER", "IA32_PAT
// MSR". MSRs that are not in the CPU state belong to the pins.
#include "cpu/system_support.h"

namespace trapline::cpu {

namespace {

using namespace arch;

namespace msr {
constexpr u32 time_stamp_counter = 0x10, apic_base = 0x1b, sysenter_cs = 0x174, sysenter_esp = 0x175,
              sysenter_eip = 0x176, pat = 0x277, efer = 0xc0000080, star = 0xc0000081, lstar = 0xc0000082,
              cstar = 0xc0000083, fmask = 0xc0000084, fs_base = 0xc0000100, gs_base = 0xc0000101,
              kernel_gs_base = 0xc0000102, tsc_aux = 0xc0000103;
}

// What a write may hold.
enum class Shape : u8 { any, canonical, low_half, memory_types, apic, features };

struct Place {
  u64* value = nullptr;  // null: not in the CPU state
  Shape shape = Shape::any;
};

Place place_of(CpuState& state, u32 index) {
  switch (index) {
    case msr::apic_base:
      return {&state.apic_base, Shape::apic};
    case msr::sysenter_cs:
      return {&state.sysenter_cs, Shape::any};
    case msr::sysenter_esp:
      return {&state.sysenter_esp, Shape::canonical};
    case msr::sysenter_eip:
      return {&state.sysenter_eip, Shape::canonical};
    case msr::pat:
      return {&state.pat, Shape::memory_types};
    case msr::efer:
      return {&state.efer, Shape::features};
    case msr::star:
      return {&state.star, Shape::any};
    case msr::lstar:
      return {&state.lstar, Shape::canonical};
    case msr::cstar:
      return {&state.cstar, Shape::canonical};
    case msr::fmask:
      return {&state.sfmask, Shape::low_half};
    case msr::fs_base:
      return {&state.segments[fs].base, Shape::canonical};
    case msr::gs_base:
      return {&state.segments[gs].base, Shape::canonical};
    case msr::kernel_gs_base:
      return {&state.kernel_gs_base, Shape::canonical};
    case msr::tsc_aux:
      return {&state.tsc_aux, Shape::low_half};
    default:
      return {};
  }
}

bool are_memory_types(u64 value) {
  for (unsigned entry = 0; entry < 8; ++entry) {
    const u64 type = value >> (entry * 8) & 0xff;
    if (type > 7 || type == 2 || type == 3) return false;
  }
  return true;
}

// SDM vol. 3, "IA32_EFER": LMA is read-only, LME may not change while paging is on.
bool fits_efer(const CpuState& state, u64 value) {
  constexpr u64 writable = efer::sce | efer::lme | efer::nxe;
  if (value & ~(writable | efer::lma)) return false;
  return ((value ^ state.efer) & efer::lme) == 0 || !(state.cr0 & cr0::pg);
}

bool fits(Cpu& cpu, Shape shape, u64 value) {
  switch (shape) {
    case Shape::any:
      return true;
    case Shape::canonical:
      return is_canonical(value);
    case Shape::low_half:
      return value >> 32 == 0;
    case Shape::memory_types:
      return are_memory_types(value);
    case Shape::apic: {  // bits 8 (BSP) and 11 (enable) and a page; x2APIC is not there
      const u64 page = bit_mask(physical_address_bits(cpu) - 1, 12);
      return (value & ~(page | bit(8) | bit(11))) == 0;
    }
    case Shape::features:
      return fits_efer(cpu.system, value);
  }
  return false;
}

void tell(Cpu& cpu, trace::AccessKind access, u32 index, u64 value) {
  trace::Msr event;
  event.access = static_cast<u8>(access);
  event.index = index;
  event.value = value;
  event.rip = cpu.rip();
  cpu.bus().emit(event);
}

Step read_any(Cpu& cpu, u32 index, u64& value) {
  if (index == msr::time_stamp_counter) {
    value = cpu.ports().time_stamp_counter();
    return Step::done;
  }
  if (const Place place = place_of(cpu.system, index); place.value) {
    value = *place.value;
    return Step::done;
  }
  return cpu.ports().read_msr(index, value) ? Step::done : fail_gp(cpu);
}

Step write_any(Cpu& cpu, u32 index, u64 value) {
  const Place place = place_of(cpu.system, index);
  if (!place.value) return cpu.ports().write_msr(index, value) ? Step::done : fail_gp(cpu);
  if (!fits(cpu, place.shape, value)) return fail_gp(cpu);
  if (index != msr::efer) {
    *place.value = value;
    if (index == msr::fs_base || index == msr::gs_base) cpu.mode_changed();
    return Step::done;
  }
  const u64 old_value = cpu.system.efer;
  cpu.system.efer = (value & ~efer::lma) | (old_value & efer::lma);
  if (cpu.system.efer != old_value) cpu.ports().efer_written(old_value);
  return Step::done;
}

const Op* rdmsr(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  Attempt attempt = attempt_of(op, Sensitive::rdmsr);
  attempt.msr = static_cast<u32>(cpu.gpr(rcx));
  if (const Step step = ask(cpu, attempt); step != Step::done) return conclude(cpu, op, step);
  u64 value = 0;
  if (const Step step = read_any(cpu, attempt.msr, value); step != Step::done) return conclude(cpu, op, step);
  tell(cpu, trace::AccessKind::read, attempt.msr, value);
  cpu.gpr(rax) = static_cast<u32>(value);
  cpu.gpr(rdx) = value >> 32;
  return finish(cpu, op);
}

const Op* wrmsr(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  Attempt attempt = attempt_of(op, Sensitive::wrmsr);
  attempt.msr = static_cast<u32>(cpu.gpr(rcx));
  attempt.value = static_cast<u32>(cpu.gpr(rax)) | cpu.gpr(rdx) << 32;
  if (const Step step = ask(cpu, attempt); step != Step::done) return conclude(cpu, op, step);
  if (const Step step = write_any(cpu, attempt.msr, attempt.value); step != Step::done) return conclude(cpu, op, step);
  tell(cpu, trace::AccessKind::write, attempt.msr, attempt.value);
  return finish(cpu, op);
}

// CR4.TSD keeps the time-stamp counter from programs above CPL 0.
template <Sensitive what>
const Op* read_time(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (cpu.ports().undefined_here(what)) return conclude(cpu, op, fail_ud(cpu));
  if ((cpu.system.cr4 & cr4::tsd) && cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  if (const Step step = ask(cpu, attempt_of(op, what)); step != Step::done) return conclude(cpu, op, step);
  const u64 value = cpu.ports().time_stamp_counter();
  cpu.gpr(rax) = static_cast<u32>(value);
  cpu.gpr(rdx) = value >> 32;
  if (what == Sensitive::rdtscp) cpu.gpr(rcx) = static_cast<u32>(cpu.system.tsc_aux);
  return finish(cpu, op);
}

// This processor has no performance counters, so every counter number is one that does not exist.
const Op* rdpmc(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (!(cpu.system.cr4 & cr4::pce) && cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  if (const Step step = ask(cpu, attempt_of(op, Sensitive::rdpmc)); step != Step::done) return conclude(cpu, op, step);
  return conclude(cpu, op, fail_gp(cpu));
}

const Op* xgetbv(Cpu& cpu, const Op* op) {
  if (!(cpu.system.cr4 & cr4::osxsave)) return conclude(cpu, op, fail_ud(cpu));
  return not_implemented(cpu, op);  // XCR0 is not part of the CPU state
}

const Op* xsetbv(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (!(cpu.system.cr4 & cr4::osxsave)) return conclude(cpu, op, fail_ud(cpu));
  if (cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  if (const Step step = ask(cpu, attempt_of(op, Sensitive::xsetbv)); step != Step::done) return conclude(cpu, op, step);
  return not_implemented(cpu, op);
}

}  // namespace

Handler bind_rdmsr(const isa::Instruction&) { return rdmsr; }
Handler bind_wrmsr(const isa::Instruction&) { return wrmsr; }
Handler bind_rdtsc(const isa::Instruction&) { return read_time<Sensitive::rdtsc>; }
Handler bind_rdtscp(const isa::Instruction&) { return read_time<Sensitive::rdtscp>; }
Handler bind_rdpmc(const isa::Instruction&) { return rdpmc; }
Handler bind_xgetbv(const isa::Instruction&) { return xgetbv; }
Handler bind_xsetbv(const isa::Instruction&) { return xsetbv; }

}  // namespace trapline::cpu
