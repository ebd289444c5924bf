// Far JMP and CALL in 64-bit mode: to 64-bit code segments directly, and through 64-bit call gates.
//
// SDM vol. 2, "JMP - Jump" and "CALL - Call Procedure", whose order of checks is kept; vol. 3, "Accessing a Code
// Segment", "Call Gates in 64-Bit Mode", "Stack Switching in IA-32e Mode". A target in compatibility mode is not
// implemented, and says so.
#include "cpu/system_far.h"

namespace trapline::cpu {

CodeKind code_kind(const Descriptor& descriptor) {
  if (!descriptor.long_mode()) return CodeKind::compatibility;
  return descriptor.big() ? CodeKind::impossible : CodeKind::long_mode;
}

arch::Segment code_segment(const Descriptor& descriptor, Selector selector) { return descriptor.segment(selector); }

Step load_code(Cpu& cpu, const Op* op, Found& found, Selector selector, u8 cpl) {
  if (const Step step = mark_accessed(cpu, op, found); step != Step::done) return step;
  cpu.system.segments[arch::cs] = code_segment(found.descriptor, selector.with_rpl(cpl));
  return Step::done;
}

void drop_inner_segments(arch::CpuState& state, u8 new_cpl) {
  for (const auto segment : {arch::es, arch::ds, arch::fs, arch::gs}) {
    arch::Segment& place = state.segments[segment];
    const bool conforming_code = (place.type() & 12) == 12;
    if (!place.unusable() && place.dpl() < new_cpl && !conforming_code) place = null_segment({0});
  }
}

namespace {

enum class Kind : u8 { jump, call };

struct Target {
  Selector selector;
  u64 rip = 0;
};

Step read_pointer(Cpu& cpu, const Op* op, Target& target) {
  const u64 linear = linear_address(cpu, op);
  const Loaded rip = cpu.load_slow(op, linear, op->operand_size, segment_of(op));
  if (!rip.ok) return Step::pending;
  const Loaded selector = cpu.load_slow(op, linear + op->operand_size, 2, segment_of(op));
  if (!selector.ok) return Step::pending;
  target = {{static_cast<u16>(selector.value)}, rip.value};
  return Step::done;
}

// Two pushes of `size` bytes, checked before the first is done.
Step push_return_address(Cpu& cpu, const Op* op, unsigned size, u64 rip, u64& rsp, Privilege privilege) {
  const u64 lowest = rsp - 2 * size;
  if (!cpu.probe_write(op, lowest, 2 * size, arch::ss, privilege)) return Step::pending;
  const u16 selector = cpu.system.segments[arch::cs].selector;
  if (!cpu.store_slow(op, rsp - size, size, selector, arch::ss, privilege)) return Step::pending;
  if (!cpu.store_slow(op, lowest, size, rip, arch::ss, privilege)) return Step::pending;
  rsp = lowest;
  return Step::done;
}

Step transfer_to_code(Cpu& cpu, const Op* op, Kind kind, const Target& target, Found& found) {
  const Descriptor& code = found.descriptor;
  const u8 cpl = cpu.system.cpl();
  const u32 error_code = target.selector.error_code();
  if (code_kind(code) == CodeKind::impossible) return fail_gp(cpu, error_code);
  const bool permitted = code.conforming() ? code.dpl() <= cpl : target.selector.rpl() <= cpl && code.dpl() == cpl;
  if (!permitted) return fail_gp(cpu, error_code);
  if (!code.present()) return fail(cpu, arch::fault(arch::vector::np, error_code));
  if (code_kind(code) == CodeKind::compatibility) return Step::not_implemented;
  u64 rsp = cpu.gpr(arch::rsp);
  if (!is_canonical(target.rip)) return fail_gp(cpu);
  if (kind == Kind::call) {
    const Step step = push_return_address(cpu, op, op->operand_size, next_rip(cpu, op), rsp, Privilege::current);
    if (step != Step::done) return step;
  }
  if (const Step step = load_code(cpu, op, found, target.selector, cpl); step != Step::done) return step;
  cpu.gpr(arch::rsp) = rsp;
  return Step::done;
}

// To a more privileged level: a stack from the TSS, SS:RSP of the caller on it, and a null SS.
Step enter_inner_level(Cpu& cpu, const Op* op, Found& found, Selector selector) {
  const u8 cpl = found.descriptor.dpl();
  u64 rsp = 0;
  if (const Step step = stack_from_tss(cpu, op, cpl, 0, 0, rsp); step != Step::done) return step;
  const u64 lowest = rsp - 32;
  if (!cpu.probe_write(op, lowest, 32, arch::ss, Privilege::supervisor)) return Step::pending;
  const u64 words[4] = {next_rip(cpu, op), cpu.system.segments[arch::cs].selector, cpu.gpr(arch::rsp),
                        cpu.system.segments[arch::ss].selector};
  for (unsigned index = 4; index-- > 0;)
    if (!cpu.store_slow(op, lowest + index * 8, 8, words[index], arch::ss, Privilege::supervisor)) return Step::pending;
  if (const Step step = load_code(cpu, op, found, selector, cpl); step != Step::done) return step;
  cpu.system.segments[arch::ss] = null_segment({cpl}, cpl);
  cpu.gpr(arch::rsp) = lowest;
  return Step::done;
}

// Checks of the gate itself; the code segment behind it goes to `code`.
Step open_gate(Cpu& cpu, const Op* op, Selector selector, Found& gate_found, Gate& gate, Found& code) {
  const u8 cpl = cpu.system.cpl();
  const u32 error_code = selector.error_code();
  gate.low = gate_found.descriptor.low;
  if (gate.dpl() < cpl || gate.dpl() < selector.rpl()) return fail_gp(cpu, error_code);
  if (!gate.present()) return fail(cpu, arch::fault(arch::vector::np, error_code));
  if (const Step step = fetch_upper_half(cpu, op, selector, gate_found); step != Step::done) return step;
  gate.high = gate_found.descriptor.high;
  if (gate.selector().null()) return fail_gp(cpu);
  if (const Step step = fetch_descriptor(cpu, op, gate.selector(), code); step != Step::done) return step;
  const u32 code_error = gate.selector().error_code();
  if (!code.descriptor.code() || code_kind(code.descriptor) != CodeKind::long_mode) return fail_gp(cpu, code_error);
  if (code.descriptor.dpl() > cpl) return fail_gp(cpu, code_error);
  return Step::done;
}

Step transfer_through_gate(Cpu& cpu, const Op* op, Kind kind, Selector selector, Found& gate_found, u64& rip) {
  Gate gate;
  Found code;
  if (const Step step = open_gate(cpu, op, selector, gate_found, gate, code); step != Step::done) return step;
  const u8 cpl = cpu.system.cpl();
  const u32 code_error = gate.selector().error_code();
  const bool inner = !code.descriptor.conforming() && code.descriptor.dpl() < cpl;
  if (inner && kind == Kind::jump) return fail_gp(cpu, code_error);
  if (!code.descriptor.present()) return fail(cpu, arch::fault(arch::vector::np, code_error));
  if (!is_canonical(gate.offset())) return fail_gp(cpu);
  rip = gate.offset();
  if (inner) return enter_inner_level(cpu, op, code, gate.selector());
  u64 rsp = cpu.gpr(arch::rsp);
  if (kind == Kind::call) {
    const Step step = push_return_address(cpu, op, 8, next_rip(cpu, op), rsp, Privilege::current);
    if (step != Step::done) return step;
  }
  if (const Step step = load_code(cpu, op, code, gate.selector(), cpl); step != Step::done) return step;
  cpu.gpr(arch::rsp) = rsp;
  return Step::done;
}

Step transfer(Cpu& cpu, const Op* op, Kind kind, u64& rip) {
  Target target;
  if (const Step step = read_pointer(cpu, op, target); step != Step::done) return step;
  if (target.selector.null()) return fail_gp(cpu);
  Found found;
  if (const Step step = fetch_descriptor(cpu, op, target.selector, found); step != Step::done) return step;
  rip = target.rip;
  if (found.descriptor.code()) return transfer_to_code(cpu, op, kind, target, found);
  if (found.descriptor.system_of(system_type::call_gate))
    return transfer_through_gate(cpu, op, kind, target.selector, found, rip);
  return fail_gp(cpu, target.selector.error_code());
}

template <Kind kind>
const Op* far_transfer(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  u64 rip = 0;
  const Step step = transfer(cpu, op, kind, rip);
  if (step == Step::done) cpu.mode_changed();
  return conclude_at(cpu, op, step, rip);
}

}  // namespace

Handler bind_far_transfer(const isa::Instruction& instruction) {
  switch (instruction.mnemonic) {
    case isa::Mnemonic::jmp:
      return instruction.is_memory(0) ? far_transfer<Kind::jump> : nullptr;
    case isa::Mnemonic::call:
      return instruction.is_memory(0) ? far_transfer<Kind::call> : nullptr;
    case isa::Mnemonic::ret:
      return far_return;
    default:
      return nullptr;
  }
}

}  // namespace trapline::cpu
