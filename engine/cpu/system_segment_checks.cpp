// Instructions that look at a descriptor and answer with ZF: LAR, LSL, VERR, VERW. They are sensitive (they show the
// descriptor tables) without being privileged.
//
// SDM vol. 2, "LAR", "LSL", "VERR/VERW"; vol. 3, "Checking Access Rights", "Checking Read/Write Rights". Which system
// types they accept in IA-32e mode is a table there.
#include "cpu/system_support.h"

namespace trapline::cpu {

namespace {

enum class Asked : u8 { access_rights, limit, readable, writable };

// Whether privilege lets the program see the descriptor.
bool visible(const arch::CpuState& state, Selector selector, const Descriptor& descriptor) {
  if (descriptor.conforming()) return true;
  return state.cpl() <= descriptor.dpl() && selector.rpl() <= descriptor.dpl();
}

bool fits(Asked asked, const Descriptor& descriptor) {
  if (descriptor.code_or_data()) {
    if (asked == Asked::readable) return descriptor.readable();
    return asked != Asked::writable || descriptor.writable();
  }
  const u8 type = descriptor.type();
  const bool segment_like =
      type == system_type::ldt || type == system_type::available_tss || type == system_type::busy_tss;
  if (asked == Asked::limit) return segment_like;
  return asked == Asked::access_rights && (segment_like || type == system_type::call_gate);
}

// Step::done with `fits_all` false: ZF is to be cleared.
Step examine(Cpu& cpu, const Op* op, Asked asked, Selector selector, Found& found, bool& fits_all) {
  fits_all = false;
  if (selector.null() || !within_table(cpu.system, selector)) return Step::done;
  if (const Step step = fetch_descriptor(cpu, op, selector, found); step != Step::done) return step;
  fits_all = fits(asked, found.descriptor) && visible(cpu.system, selector, found.descriptor);
  return Step::done;
}

void set_zf(Cpu& cpu, bool value) {
  cpu.set_rflags(value ? cpu.rflags() | arch::flag::zf : cpu.rflags() & ~arch::flag::zf);
}

template <Asked asked, bool from_memory>
const Op* check(Cpu& cpu, const Op* op) {
  constexpr bool has_destination = asked == Asked::access_rights || asked == Asked::limit;
  cpu.synchronize(op);
  const Loaded selector = load_word(cpu, op, from_memory, has_destination ? op->second : op->first);
  if (!selector.ok) return broken_off(cpu, op);
  Found found;
  bool fits_all = false;
  const Step step = examine(cpu, op, asked, {static_cast<u16>(selector.value)}, found, fits_all);
  if (step != Step::done) return conclude(cpu, op, step);
  set_zf(cpu, fits_all);
  if (has_destination && fits_all) {
    const u64 rights = bits(found.descriptor.low, 63, 32) & 0x00f0ff00;
    const u64 value = asked == Asked::limit ? found.descriptor.limit() : rights;
    put_sized(cpu, op->first, op->operand_size, value);
  }
  return finish(cpu, op);
}

template <Asked asked>
Handler bind(bool from_memory) {
  return from_memory ? check<asked, true> : check<asked, false>;
}

}  // namespace

Handler bind_lar(const isa::Instruction& instruction) { return bind<Asked::access_rights>(instruction.is_memory(1)); }
Handler bind_lsl(const isa::Instruction& instruction) { return bind<Asked::limit>(instruction.is_memory(1)); }
Handler bind_verr(const isa::Instruction& instruction) { return bind<Asked::readable>(instruction.is_memory(0)); }
Handler bind_verw(const isa::Instruction& instruction) { return bind<Asked::writable>(instruction.is_memory(0)); }

}  // namespace trapline::cpu
