// Segment descriptors: fetching them, the checks of loading DS, ES, FS, GS and SS, and MOV, POP, PUSH, LSS, LFS, LGS.
//
// SDM vol. 3, "Segment Descriptor Tables", "Privilege Level Checking When Accessing Data Segments", "Privilege Level
// Checking When Loading the SS Register"; vol. 2, "MOV - Move", whose order of checks is kept. In 64-bit mode the base
// and limit of ES, CS, SS, DS do not matter for addressing but are loaded all the same.
#include "cpu/system_support.h"

namespace trapline::cpu {

using arch::SegmentRegister;

bool within_table(const arch::CpuState& state, Selector selector, unsigned bytes) {
  const u64 last = selector.offset() + bytes - 1;
  if (selector.in_ldt()) return !state.ldtr.unusable() && last <= state.ldtr.limit;
  return last <= state.gdtr.limit;
}

Step fetch_descriptor(Cpu& cpu, const Op* op, Selector selector, Found& found, u8 vector, u32 ext) {
  if (!within_table(cpu.system, selector)) return fail(cpu, arch::fault(vector, selector.error_code() | ext));
  found.linear = (selector.in_ldt() ? cpu.system.ldtr.base : cpu.system.gdtr.base) + selector.offset();
  return load_system(cpu, op, found.linear, 8, found.descriptor.low);
}

Step fetch_upper_half(Cpu& cpu, const Op* op, Selector selector, Found& found) {
  if (!within_table(cpu.system, selector, 16)) return fail_gp(cpu, selector.error_code());
  if (const Step step = load_system(cpu, op, found.linear + 8, 8, found.descriptor.high); step != Step::done)
    return step;
  return found.descriptor.upper_type_clear() ? Step::done : fail_gp(cpu, selector.error_code());
}

Step mark_accessed(Cpu& cpu, const Op* op, Found& found) {
  if (found.descriptor.accessed()) return Step::done;
  found.descriptor.low |= bit(40);
  return store_system(cpu, op, found.linear + 5, 1, bits(found.descriptor.low, 47, 40));
}

Step load_stack_descriptor(Cpu& cpu, const Op* op, Selector selector, u8 cpl, arch::Segment& segment) {
  Found found;
  if (const Step step = fetch_descriptor(cpu, op, selector, found); step != Step::done) return step;
  const Descriptor& descriptor = found.descriptor;
  if (selector.rpl() != cpl || !descriptor.writable() || descriptor.dpl() != cpl)
    return fail_gp(cpu, selector.error_code());
  if (!descriptor.present()) return fail(cpu, arch::fault(arch::vector::ss, selector.error_code()));
  if (const Step step = mark_accessed(cpu, op, found); step != Step::done) return step;
  segment = found.descriptor.segment(selector);
  return Step::done;
}

namespace {

Step load_stack_segment(Cpu& cpu, const Op* op, Selector selector) {
  const u8 cpl = cpu.system.cpl();
  arch::Segment& place = cpu.system.segments[arch::ss];
  if (!selector.null()) return load_stack_descriptor(cpu, op, selector, cpl, place);
  // A null selector is a stack segment in 64-bit mode below CPL 3.
  if (cpl == 3 || selector.rpl() != cpl) return fail_gp(cpu);
  place = null_segment(selector, cpl);
  return Step::done;
}

Step load_data_segment(Cpu& cpu, const Op* op, SegmentRegister segment, Selector selector) {
  arch::Segment& place = cpu.system.segments[segment];
  if (selector.null()) {
    place = null_segment(selector);
    return Step::done;
  }
  Found found;
  if (const Step step = fetch_descriptor(cpu, op, selector, found); step != Step::done) return step;
  const Descriptor& descriptor = found.descriptor;
  if (!descriptor.code_or_data() || !descriptor.readable()) return fail_gp(cpu, selector.error_code());
  const bool outranked = selector.rpl() > descriptor.dpl() || cpu.system.cpl() > descriptor.dpl();
  if (!descriptor.conforming() && outranked) return fail_gp(cpu, selector.error_code());
  if (!descriptor.present()) return fail(cpu, arch::fault(arch::vector::np, selector.error_code()));
  if (const Step step = mark_accessed(cpu, op, found); step != Step::done) return step;
  place = found.descriptor.segment(selector);
  return Step::done;
}

Step load_any_segment(Cpu& cpu, const Op* op, SegmentRegister segment, Selector selector) {
  const Step step =
      segment == arch::ss ? load_stack_segment(cpu, op, selector) : load_data_segment(cpu, op, segment, selector);
  if (step == Step::done) cpu.mode_changed();
  return step;
}

// ---- MOV -----------------------------------------------------------------------------------------------------------
template <bool from_memory>
const Op* mov_to_segment(Cpu& cpu, const Op* op) {
  const auto segment = static_cast<SegmentRegister>(op->first);
  cpu.synchronize(op);
  if (segment == arch::cs || segment > arch::gs) return conclude(cpu, op, fail_ud(cpu));
  const Loaded selector = load_word(cpu, op, from_memory, op->second);
  if (!selector.ok) return broken_off(cpu, op);
  const Step step = load_any_segment(cpu, op, segment, {static_cast<u16>(selector.value)});
  if (step == Step::done && segment == arch::ss) cpu.begin_shadow_by_mov_ss();
  return conclude(cpu, op, step);
}

template <bool to_memory>
const Op* mov_from_segment(Cpu& cpu, const Op* op) {
  if (op->second > arch::gs) return raise_fault(cpu, op, arch::fault(arch::vector::ud));
  const u16 selector = cpu.system.segments[op->second].selector;
  if constexpr (to_memory) {
    if (!cpu.store_slow(op, linear_address(cpu, op), 2, selector, segment_of(op))) return broken_off(cpu, op);
  } else {
    put_sized(cpu, op->first, op->operand_size, selector);
  }
  return finish(cpu, op);
}

// ---- PUSH FS, GS; POP FS, GS ---------------------------------------------------------------------------------------
const Op* push_segment(Cpu& cpu, const Op* op) {
  const unsigned size = op->operand_size == 2 ? 2 : 8;
  const u64 rsp = cpu.gpr(arch::rsp) - size;
  // Recent processors write two bytes only and leave the rest of the slot (SDM vol. 2, "PUSH"); the older ones that
  // zero-extend are followed here, as KVM and most software models do.
  if (!cpu.store_slow(op, rsp, size, cpu.system.segments[op->first].selector, arch::ss)) return broken_off(cpu, op);
  cpu.gpr(arch::rsp) = rsp;
  return finish(cpu, op);
}

const Op* pop_segment(Cpu& cpu, const Op* op) {
  const unsigned size = op->operand_size == 2 ? 2 : 8;
  const u64 rsp = cpu.gpr(arch::rsp);
  cpu.synchronize(op);
  const Loaded selector = cpu.load_slow(op, rsp, size, arch::ss);
  if (!selector.ok) return broken_off(cpu, op);
  const Step step =
      load_any_segment(cpu, op, static_cast<SegmentRegister>(op->first), {static_cast<u16>(selector.value)});
  if (step == Step::done) cpu.gpr(arch::rsp) = rsp + size;
  return conclude(cpu, op, step);
}

// ---- LSS, LFS, LGS: a far pointer from memory
// ------------------------------------------------------------------------
const Op* load_far_pointer(Cpu& cpu, const Op* op, SegmentRegister segment) {
  cpu.synchronize(op);
  const u64 linear = linear_address(cpu, op);
  const Loaded offset = cpu.load_slow(op, linear, op->operand_size, segment_of(op));
  if (!offset.ok) return broken_off(cpu, op);
  const Loaded selector = cpu.load_slow(op, linear + op->operand_size, 2, segment_of(op));
  if (!selector.ok) return broken_off(cpu, op);
  const Step step = load_any_segment(cpu, op, segment, {static_cast<u16>(selector.value)});
  if (step == Step::done) put_sized(cpu, op->first, op->operand_size, offset.value);
  return conclude(cpu, op, step);
}
const Op* load_ss_pointer(Cpu& cpu, const Op* op) { return load_far_pointer(cpu, op, arch::ss); }
const Op* load_fs_pointer(Cpu& cpu, const Op* op) { return load_far_pointer(cpu, op, arch::fs); }
const Op* load_gs_pointer(Cpu& cpu, const Op* op) { return load_far_pointer(cpu, op, arch::gs); }

}  // namespace

bool Cpu::load_segment(const Op* op, SegmentRegister segment, u16 selector) {
  return load_any_segment(*this, op, segment, {selector}) == Step::done;
}

Handler bind_mov_segment(const isa::Instruction& instruction) {
  const isa::Operand& to = instruction.operand(0);
  if (to.kind == isa::OperandKind::reg && to.register_kind == isa::RegisterKind::segment)
    return instruction.is_memory(1) ? mov_to_segment<true> : mov_to_segment<false>;
  return instruction.is_memory(0) ? mov_from_segment<true> : mov_from_segment<false>;
}

Handler bind_push_segment(const isa::Instruction&) { return push_segment; }
Handler bind_pop_segment(const isa::Instruction&) { return pop_segment; }
Handler bind_lss(const isa::Instruction&) { return load_ss_pointer; }
Handler bind_lfs(const isa::Instruction&) { return load_fs_pointer; }
Handler bind_lgs(const isa::Instruction&) { return load_gs_pointer; }

}  // namespace trapline::cpu
