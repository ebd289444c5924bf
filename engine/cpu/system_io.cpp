// Ports: IN, OUT, INS, OUTS with their permission checks and REP.
//
// SDM vol. 1, "Protected-Mode I/O": IOPL, then the I/O permission bit map of the TSS, of which two bytes are always
// read. The exit that a monitor may want comes after that check and before every fault of the memory operand (vol. 3,
// "Relative Priority of Faults and VM Exits"); each REP iteration asks again.
#include "cpu/system_support.h"

namespace trapline::cpu {

namespace {

using namespace arch;

Step check_permission(Cpu& cpu, const Op* op, u16 port, unsigned size) {
  if (cpu.cpl() <= bits(cpu.rflags(), 13, 12)) return Step::done;
  const Segment& tr = cpu.system.tr;
  constexpr u64 map_base_offset = 102;
  if (tr.unusable() || map_base_offset + 1 > tr.limit) return fail_gp(cpu);
  u64 map_base = 0, map = 0;
  if (const Step step = load_system(cpu, op, tr.base + map_base_offset, 2, map_base); step != Step::done) return step;
  const u64 offset = map_base + port / 8;
  if (offset + 1 > tr.limit) return fail_gp(cpu);
  if (const Step step = load_system(cpu, op, tr.base + offset, 2, map); step != Step::done) return step;
  const u64 wanted = ((1ULL << size) - 1) << (port % 8);
  return map & wanted ? fail_gp(cpu) : Step::done;
}

unsigned port_size(const Op* op) { return op->operand_size == 8 ? 4 : op->operand_size; }

// ---- IN, OUT
// ----------------------------------------------------------------------------------------------------------- The
// accumulator is AL, AX or EAX; `size` is a template since operand_size of the 8-bit forms is 1 by their operands.
template <unsigned size, bool immediate>
const Op* in(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  const u16 port = immediate ? static_cast<u8>(op->immediate) : static_cast<u16>(cpu.gpr(rdx));
  if (const Step step = check_permission(cpu, op, port, size); step != Step::done) return conclude(cpu, op, step);
  Attempt attempt = attempt_of(op, Sensitive::in);
  attempt.number = port;
  attempt.size = size;
  attempt.immediate_port = immediate;
  if (const Step step = ask(cpu, attempt); step != Step::done) return conclude(cpu, op, step);
  const u64 value = cpu.ports().read_port(port, size);
  if (size == 1)
    put<u8>(cpu, rax * 8, static_cast<u8>(value));
  else
    put_sized(cpu, rax * 8, size, value);
  return finish(cpu, op);
}

template <unsigned size, bool immediate>
const Op* out(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  const u16 port = immediate ? static_cast<u8>(op->immediate) : static_cast<u16>(cpu.gpr(rdx));
  if (const Step step = check_permission(cpu, op, port, size); step != Step::done) return conclude(cpu, op, step);
  Attempt attempt = attempt_of(op, Sensitive::out);
  attempt.number = port;
  attempt.size = size;
  attempt.immediate_port = immediate;
  attempt.value = cpu.gpr(rax) & low_bytes_mask(size);
  if (const Step step = ask(cpu, attempt); step != Step::done) return conclude(cpu, op, step);
  cpu.ports().write_port(port, size, attempt.value);
  return finish(cpu, op);
}

// ---- INS, OUTS
// -----------------------------------------------------------------------------------------------------------
u64 count_register(const Cpu& cpu, const Op* op) {
  const u64 value = cpu.hot.gpr[rcx];
  return op->address32 ? static_cast<u32>(value) : value;
}

// A register that a string instruction moved: a 32-bit address size clears the upper half.
void put_string_register(Cpu& cpu, const Op* op, unsigned number, u64 value) {
  cpu.gpr(number) = op->address32 ? static_cast<u32>(value) : value;
}

struct StringUnit {
  u16 port;
  unsigned size;
  u64 linear;
  SegmentRegister segment;
};

Step one_ins(Cpu& cpu, const Op* op, const StringUnit& unit) {
  // The port is read only when its value has somewhere to go.
  if (!cpu.probe_write(op, unit.linear, unit.size, unit.segment)) return Step::pending;
  const u64 value = cpu.ports().read_port(unit.port, unit.size);
  return cpu.store_slow(op, unit.linear, unit.size, value, unit.segment) ? Step::done : Step::pending;
}

Step one_outs(Cpu& cpu, const Op* op, const StringUnit& unit) {
  const Loaded loaded = cpu.load_slow(op, unit.linear, unit.size, unit.segment);
  if (!loaded.ok) return Step::pending;
  cpu.ports().write_port(unit.port, unit.size, loaded.value);
  return Step::done;
}

template <Sensitive what>
Step one_unit(Cpu& cpu, const Op* op, unsigned size) {
  constexpr Gpr pointer = what == Sensitive::ins ? rdi : rsi;
  const auto segment = what == Sensitive::ins ? es : segment_of(op);
  const u64 offset = op->address32 ? static_cast<u32>(cpu.gpr(pointer)) : cpu.gpr(pointer);
  const StringUnit unit{static_cast<u16>(cpu.gpr(rdx)), size, offset + cpu.hot.segment_base[segment], segment};
  Attempt attempt = attempt_of(op, what);
  attempt.number = unit.port;
  attempt.size = static_cast<u8>(size);
  attempt.repeated = op->rep || op->repne;
  attempt.from_memory = true;
  attempt.linear = unit.linear;
  attempt.instruction_information = (op->address32 ? 1U : 2U) << 7 | static_cast<u32>(segment) << 15;
  if (const Step step = ask(cpu, attempt); step != Step::done) return step;
  const Step step = what == Sensitive::ins ? one_ins(cpu, op, unit) : one_outs(cpu, op, unit);
  if (step != Step::done) return step;
  const u64 distance = cpu.rflags() & flag::df ? -static_cast<u64>(size) : size;
  put_string_register(cpu, op, pointer, offset + distance);
  return Step::done;
}

template <Sensitive what>
const Op* string_port(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  const unsigned size = port_size(op);
  const Step permitted = check_permission(cpu, op, static_cast<u16>(cpu.gpr(rdx)), size);
  if (permitted != Step::done) return conclude(cpu, op, permitted);
  if (!op->rep && !op->repne) return conclude(cpu, op, one_unit<what>(cpu, op, size));
  while (count_register(cpu, op) != 0) {
    if (const Step step = one_unit<what>(cpu, op, size); step != Step::done) return conclude(cpu, op, step);
    put_string_register(cpu, op, rcx, count_register(cpu, op) - 1);
    if (cpu.count_rep_iterations(1) && count_register(cpu, op) != 0) return cpu.leave_restarting(op);
  }
  return finish(cpu, op);
}

template <unsigned size>
Handler bind_in_sized(bool immediate) {
  return immediate ? in<size, true> : in<size, false>;
}
template <unsigned size>
Handler bind_out_sized(bool immediate) {
  return immediate ? out<size, true> : out<size, false>;
}

}  // namespace

Handler bind_in_(const isa::Instruction& instruction) {
  const bool immediate = instruction.is_immediate(1);
  const unsigned size = instruction.operand(0).size;
  return size == 1   ? bind_in_sized<1>(immediate)
         : size == 2 ? bind_in_sized<2>(immediate)
                     : bind_in_sized<4>(immediate);
}
Handler bind_out_(const isa::Instruction& instruction) {
  const bool immediate = instruction.is_immediate(0);
  const unsigned size = instruction.operand(1).size;
  return size == 1   ? bind_out_sized<1>(immediate)
         : size == 2 ? bind_out_sized<2>(immediate)
                     : bind_out_sized<4>(immediate);
}
Handler bind_insb(const isa::Instruction&) { return string_port<Sensitive::ins>; }
Handler bind_insw(const isa::Instruction&) { return string_port<Sensitive::ins>; }
Handler bind_insd(const isa::Instruction&) { return string_port<Sensitive::ins>; }
Handler bind_outsb(const isa::Instruction&) { return string_port<Sensitive::outs>; }
Handler bind_outsw(const isa::Instruction&) { return string_port<Sensitive::outs>; }
Handler bind_outsd(const isa::Instruction&) { return string_port<Sensitive::outs>; }

}  // namespace trapline::cpu
