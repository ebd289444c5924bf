// Far RET and IRET in 64-bit mode, to the same and to outer privilege levels.
//
// SDM vol. 2, "RET - Return From Procedure" and "IRET/IRETD/IRETQ - Interrupt Return", whose order of checks is kept;
// vol. 3, "IRET in IA-32e Mode": IRET pops SS:RSP always in 64-bit mode, and a null SS is fine below CPL 3. A return to
// compatibility mode is not implemented, and says so.
#include "cpu/system_far.h"

namespace trapline::cpu {

namespace {

enum class Kind : u8 { ret, iret };

struct Return {
  u64 rip = 0;
  Selector cs;
  u64 rflags = 0;
  u64 rsp = 0;
  Selector ss;
  bool pops_stack = false;  // RSP and SS are popped too
};

// Reads words of the stack upwards from RSP.
class Stack {
 public:
  Stack(Cpu& cpu, const Op* op, unsigned size) : cpu_(cpu), op_(op), size_(size), rsp_(cpu.gpr(arch::rsp)) {}
  Step pop(u64& value) {
    const Loaded loaded = cpu_.load_slow(op_, rsp_, size_, arch::ss);
    rsp_ += size_;
    value = loaded.value;
    return loaded.ok ? Step::done : Step::pending;
  }
  Step pop(Selector& selector) {
    u64 value = 0;
    const Step step = pop(value);
    selector = {static_cast<u16>(value)};
    return step;
  }
  void skip(u64 bytes) { rsp_ += bytes; }
  u64 rsp() const { return rsp_; }

 private:
  Cpu& cpu_;
  const Op* op_;
  unsigned size_;
  u64 rsp_;
};

Step check_code(Cpu& cpu, const Op* op, const Return& to, Found& found) {
  const u32 error_code = to.cs.error_code();
  if (to.cs.null()) return fail_gp(cpu);
  if (const Step step = fetch_descriptor(cpu, op, to.cs, found); step != Step::done) return step;
  const Descriptor& code = found.descriptor;
  if (!code.code() || to.cs.rpl() < cpu.system.cpl()) return fail_gp(cpu, error_code);
  const bool permitted = code.conforming() ? code.dpl() <= to.cs.rpl() : code.dpl() == to.cs.rpl();
  if (!permitted || code_kind(code) == CodeKind::impossible) return fail_gp(cpu, error_code);
  if (!code.present()) return fail(cpu, arch::fault(arch::vector::np, error_code));
  return code_kind(code) == CodeKind::compatibility ? Step::not_implemented : Step::done;
}

Step check_stack(Cpu& cpu, const Op* op, const Return& to, arch::Segment& segment) {
  const u8 cpl = to.cs.rpl();
  if (!to.ss.null()) return load_stack_descriptor(cpu, op, to.ss, cpl, segment);
  if (cpl == 3) return fail_gp(cpu);
  segment = null_segment(to.ss, cpl);
  return Step::done;
}

// Everything checked, then everything loaded. `extra`: bytes that RET n releases on the outer stack.
Step return_to(Cpu& cpu, const Op* op, const Return& to, u64 rsp_if_same, u64 extra, Found& found) {
  const u8 old_cpl = cpu.system.cpl();
  const u8 new_cpl = to.cs.rpl();
  arch::Segment stack = cpu.system.segments[arch::ss];
  if (to.pops_stack)
    if (const Step step = check_stack(cpu, op, to, stack); step != Step::done) return step;
  if (!is_canonical(to.rip)) return fail_gp(cpu);
  if (const Step step = load_code(cpu, op, found, to.cs, new_cpl); step != Step::done) return step;
  cpu.system.segments[arch::ss] = stack;
  cpu.gpr(arch::rsp) = to.pops_stack ? to.rsp + extra : rsp_if_same;
  if (new_cpl > old_cpl) drop_inner_segments(cpu.system, new_cpl);
  return Step::done;
}

// ---- RET
// -------------------------------------------------------------------------------------------------------------
Step pop_far_return(Cpu& cpu, const Op* op, Return& to) {
  Stack stack(cpu, op, op->operand_size);
  const u64 released = static_cast<u16>(op->immediate);
  if (const Step step = stack.pop(to.rip); step != Step::done) return step;
  if (const Step step = stack.pop(to.cs); step != Step::done) return step;
  Found found;
  if (const Step step = check_code(cpu, op, to, found); step != Step::done) return step;
  stack.skip(released);
  to.pops_stack = to.cs.rpl() > cpu.system.cpl();
  if (to.pops_stack) {
    if (const Step step = stack.pop(to.rsp); step != Step::done) return step;
    if (const Step step = stack.pop(to.ss); step != Step::done) return step;
  }
  return return_to(cpu, op, to, stack.rsp(), released, found);
}

// ---- IRET
// ------------------------------------------------------------------------------------------------------------ Which
// flags IRET loads depends on the privilege that it leaves and on its operand size.
u64 flags_after(u64 old_flags, u64 popped, unsigned old_cpl, unsigned operand_size) {
  using namespace arch;
  u64 loaded = flag::arithmetic | flag::tf | flag::df | flag::nt;
  if (operand_size != 2) loaded |= flag::rf | flag::ac | flag::id;
  if (old_cpl <= bits(old_flags, 13, 12)) loaded |= flag::if_;
  if (old_cpl == 0) loaded |= flag::iopl;
  if (old_cpl == 0 && operand_size != 2) loaded |= flag::vif | flag::vip;
  return (old_flags & ~loaded) | (popped & loaded);
}

Step interrupt_return(Cpu& cpu, const Op* op, Return& to) {
  // SDM vol. 3, "Nonmaskable Interrupt (NMI)": IRET unblocks NMIs, and does so even where it faults.
  cpu.system.blocking_by_nmi = false;
  if (cpu.rflags() & arch::flag::nt) return fail_gp(cpu);
  Stack stack(cpu, op, op->operand_size);
  to.pops_stack = true;
  if (const Step step = stack.pop(to.rip); step != Step::done) return step;
  if (const Step step = stack.pop(to.cs); step != Step::done) return step;
  if (const Step step = stack.pop(to.rflags); step != Step::done) return step;
  if (const Step step = stack.pop(to.rsp); step != Step::done) return step;
  if (const Step step = stack.pop(to.ss); step != Step::done) return step;
  Found found;
  if (const Step step = check_code(cpu, op, to, found); step != Step::done) return step;
  const unsigned old_cpl = cpu.cpl();
  if (const Step step = return_to(cpu, op, to, 0, 0, found); step != Step::done) return step;
  cpu.mode_changed();
  cpu.set_rflags(flags_after(cpu.rflags(), to.rflags, old_cpl, op->operand_size));
  return Step::done;
}

const Op* iret(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  Return to;
  const Step step = interrupt_return(cpu, op, to);
  return conclude_at(cpu, op, step, to.rip);
}

}  // namespace

const Op* far_return(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  Return to;
  const Step step = pop_far_return(cpu, op, to);
  if (step == Step::done) cpu.mode_changed();
  return conclude_at(cpu, op, step, to.rip);
}

Handler bind_iret(const isa::Instruction&) { return iret; }
Handler bind_iretd(const isa::Instruction&) { return iret; }
Handler bind_iretq(const isa::Instruction&) { return iret; }

}  // namespace trapline::cpu
