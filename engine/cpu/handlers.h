// How handlers are written and how a mnemonic is bound to them.
//
// A handler is `const Op* name(Cpu& cpu, const Op* op)`. It does the instruction's work and ends with exactly one of:
//   return next(cpu, op);                      go on with the following operation
//   return finish(cpu, op);                    done; the run loop looks round first (state that it watches changed)
//   return finish_at(cpu, op, rip);            the same, going on elsewhere (far transfers, SYSCALL, IRET)
//   return raise_fault(cpu, op, fault);        the instruction faults; it has changed nothing
//   return broken_off(cpu, op);                an access, load_segment or an interception left its trouble pending
//   return software_event(cpu, op, vector, type);   INT n, INT3
//   return not_implemented(cpu, op);           says so by name
// In release builds next() is a tail call into the following handler: a handler must not let the address of a local
// escape, or it grows the stack. Elsewhere (sanitizers, -O0) it returns to a loop.
//
// A row of rows_*.def, ROW(mnemonic, flow), binds the mnemonic to `bind_<mnemonic>`, a function from the decoded
// instruction to its handler: it looks at operand kinds and widths, and returns null for a form that is not
// implemented.
#pragma once

#include "cpu/cpu.h"

namespace trapline::cpu {

// What comes after an instruction, for the block builder.
enum class Flow : u8 {
  on,         // the next instruction
  elsewhere,  // a control transfer: last of its block, its handler finds the next block
  out,        // last of its block, leaves to the run loop by finish() (changes of privilege, paging, interrupt state)
};

using Binder = Handler (*)(const isa::Instruction& instruction);

struct Binding {
  Binder bind = nullptr;  // null: the mnemonic is not implemented
  Flow flow = Flow::on;
};

const Binding& binding_of(isa::Mnemonic mnemonic);  // bindings.cpp

#define ROW(mnemonic, flow) Handler bind_##mnemonic(const isa::Instruction& instruction);
#include "cpu/rows_integer.def"
#include "cpu/rows_system.def"
#undef ROW

// Forms of integer mnemonics that belong to the system half; called by bind_mov, bind_push, bind_pop, and the binders
// of JMP, CALL and RET. (An operation of Flow::on may end by finish() all the same.)
Handler bind_mov_system(const isa::Instruction& instruction);    // MOV with a segment, control or debug register
Handler bind_push_segment(const isa::Instruction& instruction);  // PUSH FS, PUSH GS
Handler bind_pop_segment(const isa::Instruction& instruction);   // POP FS, POP GS
Handler bind_far_transfer(const isa::Instruction& instruction);  // JMP, CALL, RET far

// ---- endings ----
#if defined(TRAPLINE_SANITIZED) || !defined(__OPTIMIZE__)
inline constexpr bool tail_calls = false;
#else
inline constexpr bool tail_calls = true;
#endif

inline const Op* go(Cpu& cpu, const Op* op) {
  if constexpr (tail_calls) return op->handler(cpu, op);
  return op;
}
inline const Op* next(Cpu& cpu, const Op* op) { return go(cpu, op + 1); }

inline u64 next_rip(Cpu& cpu, const Op* op) {
  return cpu.hot.gpr[block_rip_register / 8] + op->rip_offset + op->length;
}
inline const Op* finish(Cpu& cpu, const Op* op) { return cpu.leave_finished(op, next_rip(cpu, op)); }
inline const Op* finish_at(Cpu& cpu, const Op* op, u64 rip) { return cpu.leave_finished(op, rip); }
inline const Op* broken_off(Cpu& cpu, const Op* op) { return cpu.leave_pending(op); }
inline const Op* raise_fault(Cpu& cpu, const Op* op, const arch::Fault& fault) {
  cpu.set_pending(Verdict::fault, fault);
  return cpu.leave_pending(op);
}
inline const Op* not_implemented(Cpu& cpu, const Op* op) { return cpu.leave_not_implemented(op); }
inline const Op* software_event(Cpu& cpu, const Op* op, u8 vector, arch::EventType type) {
  return cpu.leave_software_event(op, arch::Delivery{vector, type, false, 0, op->length});
}

// Goes on at `rip` with `retired` instructions done: straight into its block where the jump cache knows it and the
// limit is not near.
inline const Op* enter(Cpu& cpu, const Op* op, u64 rip, u64 retired) {
  Hot& hot = cpu.hot;
  const JumpEntry& entry = hot.jumps[jump_slot(hot, rip)];
  if (entry.tag == (rip ^ hot.jump_key) && retired + entry.room <= hot.retired_limit) [[likely]] {
    hot.retired_base = retired;
    hot.gpr[block_rip_register / 8] = rip;
    return go(cpu, entry.first);
  }
  return cpu.leave_for_block(op, rip, retired);
}
inline const Op* branch(Cpu& cpu, const Op* op, u64 rip) { return enter(cpu, op, rip, cpu.retired_after(op)); }

// ---- operands ----
// --------------------------------------------------------------------------------------------------------- A register
// as T by its offset in Op. Writing 32 bits clears the upper half, 16 and 8 bits leave the rest.
template <typename T>
inline T get(const Cpu& cpu, u8 offset) {
  T value;
  std::memcpy(&value, reinterpret_cast<const std::byte*>(cpu.hot.gpr.data()) + offset, sizeof value);
  return value;
}
template <typename T>
inline void put(Cpu& cpu, u8 offset, T value) {
  auto* place = reinterpret_cast<std::byte*>(cpu.hot.gpr.data()) + offset;
  if constexpr (sizeof(T) == 4) {
    const u64 wide = value;
    std::memcpy(place, &wide, sizeof wide);
  } else {
    std::memcpy(place, &value, sizeof value);
  }
}

inline arch::SegmentRegister segment_of(const Op* op) { return static_cast<arch::SegmentRegister>(op->segment); }

// The linear address of the memory operand: any form.
inline u64 linear_address(const Cpu& cpu, const Op* op) {
  u64 offset = get<u64>(cpu, op->base) + (get<u64>(cpu, op->index) << op->scale_log2) + op->wide;
  if (op->address32) offset = static_cast<u32>(offset);
  return offset + cpu.hot.segment_base[op->segment];
}

// ---- memory: the fast path, with the slow one behind it ----
// ------------------------------------------------------------------ One compare: a tag matches only for the right
// page, key (generation, privilege) and an access that stays in the page.
template <typename T>
inline std::byte* fast(const FastPage* pages, u64 key, u64 mask, u64 linear) {
  const FastPage& page = pages[(linear >> page_bits) & mask];
  if (page.tag == (((linear + (sizeof(T) - 1)) & ~(page_bytes - 1)) | key)) [[likely]]
    return reinterpret_cast<std::byte*>(page.addend + linear);
  return nullptr;
}

template <typename T>
inline Loaded load(Cpu& cpu, const Op* op, u64 linear, arch::SegmentRegister segment) {
  if (const std::byte* place = fast<T>(cpu.hot.read_pages, cpu.hot.read_key, cpu.hot.page_mask, linear)) {
    T value;
    std::memcpy(&value, place, sizeof value);
    return {value, true};
  }
  return cpu.load_slow(op, linear, sizeof(T), segment);
}

// Whether the store was done; if not, return broken_off().
template <typename T>
inline bool store(Cpu& cpu, const Op* op, u64 linear, T value, arch::SegmentRegister segment) {
  if (std::byte* place = fast<T>(cpu.hot.write_pages, cpu.hot.write_key, cpu.hot.page_mask, linear)) {
    std::memcpy(place, &value, sizeof value);
    return true;
  }
  return cpu.store_slow(op, linear, sizeof(T), value, segment);
}

}  // namespace trapline::cpu
