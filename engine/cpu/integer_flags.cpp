// LAHF, SAHF, CLC, STC, CMC, CLD, STD, and what does nothing here: NOP, ENDBR, fences, prefetches, cache-line flushes.
#include "cpu/forms.h"

namespace trapline::cpu {
namespace {

constexpr u64 flags_in_ah = arch::flag::sf | arch::flag::zf | arch::flag::af | arch::flag::pf | arch::flag::cf;

const Op* load_ah(Cpu& cpu, const Op* op) {
  put<u8>(cpu, arch::rax * 8 + 1, static_cast<u8>((cpu.hot.flags.get() & flags_in_ah) | arch::flag::always_one));
  return next(cpu, op);
}

const Op* store_ah(Cpu& cpu, const Op* op) {
  const u64 kept = cpu.hot.flags.get() & arch::flag::of;
  cpu.hot.flags.set(kept | (get<u8>(cpu, arch::rax * 8 + 1) & flags_in_ah));
  return next(cpu, op);
}

template <bool value>
const Op* set_carry(Cpu& cpu, const Op* op) {
  cpu.hot.flags.set_cf(value);
  return next(cpu, op);
}

const Op* complement_carry(Cpu& cpu, const Op* op) {
  cpu.hot.flags.set_cf(!cpu.hot.flags.cf());
  return next(cpu, op);
}

template <bool down>
const Op* set_direction(Cpu& cpu, const Op* op) {
  cpu.set_direction(down);
  return next(cpu, op);
}

const Op* nothing(Cpu& cpu, const Op* op) { return next(cpu, op); }

// Flushing a line is a load as far as faults go (SDM vol. 2, "CLFLUSH").
const Op* flush_line(Cpu& cpu, const Op* op) {
  const Loaded touched = load<u8>(cpu, op, linear_address(cpu, op), segment_of(op));
  return touched.ok ? next(cpu, op) : broken_off(cpu, op);
}

}  // namespace

Handler bind_lahf(const isa::Instruction&) { return load_ah; }
Handler bind_sahf(const isa::Instruction&) { return store_ah; }
Handler bind_clc(const isa::Instruction&) { return set_carry<false>; }
Handler bind_stc(const isa::Instruction&) { return set_carry<true>; }
Handler bind_cmc(const isa::Instruction&) { return complement_carry; }
Handler bind_cld(const isa::Instruction&) { return set_direction<false>; }
Handler bind_std_(const isa::Instruction&) { return set_direction<true>; }

#define NOTHING(name) \
  Handler bind_##name(const isa::Instruction&) { return nothing; }
NOTHING(nop)
NOTHING(endbr64)
NOTHING(endbr32)
NOTHING(lfence)
NOTHING(mfence)
NOTHING(sfence)
NOTHING(prefetch)
NOTHING(prefetchnta)
NOTHING(prefetcht0)
NOTHING(prefetcht1)
NOTHING(prefetcht2)
NOTHING(prefetchw)
NOTHING(prefetchwt1)
#undef NOTHING
Handler bind_clflush(const isa::Instruction&) { return flush_line; }
Handler bind_clflushopt(const isa::Instruction&) { return flush_line; }
Handler bind_clwb(const isa::Instruction&) { return flush_line; }

}  // namespace trapline::cpu
