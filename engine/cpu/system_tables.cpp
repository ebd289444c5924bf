// The table registers: LGDT LIDT SGDT SIDT, LLDT LTR SLDT STR.
//
// SDM vol. 2 under each name; vol. 3, "Memory-Management Registers" and, for CR4.UMIP, "Control Registers". Loading TR
// marks its TSS busy in the GDT.
#include "cpu/system_support.h"

namespace trapline::cpu {

namespace {

// CR4.UMIP makes SGDT, SIDT, SLDT, STR and SMSW #GP(0) above CPL 0.
bool user_mode_prevented(const Cpu& cpu) { return (cpu.system.cr4 & arch::cr4::umip) && cpu.cpl() != 0; }

constexpr u32 identity_of(Sensitive what) {
  switch (what) {
    case Sensitive::sidt:
    case Sensitive::str:
      return 1;
    case Sensitive::lgdt:
    case Sensitive::lldt:
      return 2;
    case Sensitive::lidt:
    case Sensitive::ltr:
      return 3;
    default:
      return 0;  // SGDT, SLDT
  }
}

// ---- LGDT, LIDT, SGDT, SIDT: 2 + 8 bytes in 64-bit mode, whatever the operand size
// -----------------------------------
template <Sensitive what>
const Op* store_table(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (user_mode_prevented(cpu)) return conclude(cpu, op, fail_gp(cpu));
  Attempt attempt = memory_attempt_of(cpu, op, what);
  attempt.instruction_information |= identity_of(what) << information_second;
  if (const Step step = ask(cpu, attempt); step != Step::done) return conclude(cpu, op, step);
  const arch::TableRegister& table = what == Sensitive::sgdt ? cpu.system.gdtr : cpu.system.idtr;
  const u64 linear = attempt.linear;
  if (!cpu.probe_write(op, linear, 10, segment_of(op))) return broken_off(cpu, op);
  if (!cpu.store_slow(op, linear, 2, table.limit, segment_of(op))) return broken_off(cpu, op);
  if (!cpu.store_slow(op, linear + 2, 8, table.base, segment_of(op))) return broken_off(cpu, op);
  return finish(cpu, op);
}

template <Sensitive what>
const Op* load_table(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  Attempt attempt = memory_attempt_of(cpu, op, what);
  attempt.instruction_information |= identity_of(what) << information_second;
  if (const Step step = ask(cpu, attempt); step != Step::done) return conclude(cpu, op, step);
  const Loaded limit = cpu.load_slow(op, attempt.linear, 2, segment_of(op));
  if (!limit.ok) return broken_off(cpu, op);
  const Loaded base = cpu.load_slow(op, attempt.linear + 2, 8, segment_of(op));
  if (!base.ok) return broken_off(cpu, op);
  if (!is_canonical(base.value)) return conclude(cpu, op, fail_gp(cpu));
  arch::TableRegister& table = what == Sensitive::lgdt ? cpu.system.gdtr : cpu.system.idtr;
  table = {base.value, static_cast<u16>(limit.value)};
  return finish(cpu, op);
}

// ---- SLDT, STR, LLDT, LTR ----------------------------------------------------------------------------------------
Attempt selector_attempt(Cpu& cpu, const Op* op, Sensitive what, bool memory) {
  Attempt attempt = memory ? memory_attempt_of(cpu, op, what) : attempt_of(op, what);
  if (!memory) {
    attempt.gpr = gpr_number(op->first);
    attempt.instruction_information = 1U << information_is_register | attempt.gpr << information_reg1;
  }
  attempt.instruction_information |= identity_of(what) << information_second;
  return attempt;
}

template <Sensitive what, bool memory>
const Op* store_selector(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (user_mode_prevented(cpu)) return conclude(cpu, op, fail_gp(cpu));
  const Attempt attempt = selector_attempt(cpu, op, what, memory);
  if (const Step step = ask(cpu, attempt); step != Step::done) return conclude(cpu, op, step);
  const u16 selector = what == Sensitive::sldt ? cpu.system.ldtr.selector : cpu.system.tr.selector;
  if constexpr (memory) {
    if (!cpu.store_slow(op, attempt.linear, 2, selector, segment_of(op))) return broken_off(cpu, op);
  } else {
    put_sized(cpu, op->first, op->operand_size, selector);
  }
  return finish(cpu, op);
}

Step load_ldt(Cpu& cpu, const Op* op, Selector selector) {
  if (selector.null()) {
    cpu.system.ldtr = null_segment(selector);
    return Step::done;
  }
  if (selector.in_ldt()) return fail_gp(cpu, selector.error_code());
  Found found;
  if (const Step step = fetch_descriptor(cpu, op, selector, found); step != Step::done) return step;
  if (!found.descriptor.system_of(system_type::ldt)) return fail_gp(cpu, selector.error_code());
  if (!found.descriptor.present()) return fail(cpu, arch::fault(arch::vector::np, selector.error_code()));
  if (const Step step = fetch_upper_half(cpu, op, selector, found); step != Step::done) return step;
  if (!is_canonical(found.descriptor.base())) return fail_gp(cpu, selector.error_code());
  cpu.system.ldtr = found.descriptor.segment(selector);
  return Step::done;
}

Step load_task(Cpu& cpu, const Op* op, Selector selector) {
  if (selector.null()) return fail_gp(cpu);
  if (selector.in_ldt()) return fail_gp(cpu, selector.error_code());
  Found found;
  if (const Step step = fetch_descriptor(cpu, op, selector, found); step != Step::done) return step;
  if (!found.descriptor.system_of(system_type::available_tss)) return fail_gp(cpu, selector.error_code());
  if (!found.descriptor.present()) return fail(cpu, arch::fault(arch::vector::np, selector.error_code()));
  if (const Step step = fetch_upper_half(cpu, op, selector, found); step != Step::done) return step;
  if (!is_canonical(found.descriptor.base())) return fail_gp(cpu, selector.error_code());
  found.descriptor.low |= bit(41);  // busy
  const Step step = store_system(cpu, op, found.linear + 5, 1, bits(found.descriptor.low, 47, 40));
  if (step == Step::done) cpu.system.tr = found.descriptor.segment(selector);
  return step;
}

template <Sensitive what, bool memory>
const Op* load_selector(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  if (cpu.cpl() != 0) return conclude(cpu, op, fail_gp(cpu));
  if (const Step step = ask(cpu, selector_attempt(cpu, op, what, memory)); step != Step::done)
    return conclude(cpu, op, step);
  const Loaded loaded = load_word(cpu, op, memory, op->first);
  if (!loaded.ok) return broken_off(cpu, op);
  const Selector selector{static_cast<u16>(loaded.value)};
  return conclude(cpu, op, what == Sensitive::lldt ? load_ldt(cpu, op, selector) : load_task(cpu, op, selector));
}

template <Sensitive what>
Handler bind_store(const isa::Instruction& instruction) {
  return instruction.is_memory(0) ? store_selector<what, true> : store_selector<what, false>;
}
template <Sensitive what>
Handler bind_load(const isa::Instruction& instruction) {
  return instruction.is_memory(0) ? load_selector<what, true> : load_selector<what, false>;
}

}  // namespace

Handler bind_sgdt(const isa::Instruction&) { return store_table<Sensitive::sgdt>; }
Handler bind_sidt(const isa::Instruction&) { return store_table<Sensitive::sidt>; }
Handler bind_lgdt(const isa::Instruction&) { return load_table<Sensitive::lgdt>; }
Handler bind_lidt(const isa::Instruction&) { return load_table<Sensitive::lidt>; }
Handler bind_sldt(const isa::Instruction& instruction) { return bind_store<Sensitive::sldt>(instruction); }
Handler bind_str(const isa::Instruction& instruction) { return bind_store<Sensitive::str>(instruction); }
Handler bind_lldt(const isa::Instruction& instruction) { return bind_load<Sensitive::lldt>(instruction); }
Handler bind_ltr(const isa::Instruction& instruction) { return bind_load<Sensitive::ltr>(instruction); }

}  // namespace trapline::cpu
