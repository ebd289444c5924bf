// One decoded instruction as a value: what it is, what it touches, how long it is. No decoder library shows through.
#pragma once

#include <array>
#include <span>

#include "arch/cpu_state.h"
#include "base/integers.h"

namespace trapline::isa {

enum class Mnemonic : u16 {
  unnamed,
#define MNEMONIC(name, zydis) name,
#include "isa/mnemonics.def"
#undef MNEMONIC
  count_,
};
inline constexpr std::size_t mnemonic_count = static_cast<std::size_t>(Mnemonic::count_);

inline constexpr std::size_t longest_instruction = 15;

enum class OperandKind : u8 { none, reg, memory, immediate, relative, far_pointer };

enum class RegisterKind : u8 {
  none,
  gpr,        // number 0-15, by arch::Gpr
  high_byte,  // AH, CH, DH, BH: number is that of AX, CX, DX, BX
  segment,    // by arch::SegmentRegister
  control,
  debug,
  x87,
  vector,  // MMX, XMM, YMM, ZMM
  other,
};

inline constexpr u8 no_register = 0xff;
inline constexpr u8 rip_register = 16;  // as a base register

struct MemoryOperand {
  arch::SegmentRegister segment = arch::ds;  // after override and default rules
  u8 base = no_register;                     // arch::Gpr, or rip_register
  u8 index = no_register;
  u8 scale = 1;          // 1, 2, 4, 8
  i64 displacement = 0;  // of RIP-relative operands: from the next instruction
  u16 size = 0;          // bytes; 0 for LEA, INVLPG and others that access nothing by themselves
  bool read = false;
  bool written = false;
};

// An explicit operand, in the order in which the manual writes it.
struct Operand {
  OperandKind kind = OperandKind::none;
  RegisterKind register_kind = RegisterKind::none;
  u8 reg = no_register;
  u16 size = 0;          // bytes
  i64 immediate = 0;     // sign-extended where the instruction does; relative: from the next instruction
  MemoryOperand memory;  // OperandKind::memory
};

struct Instruction {
  Mnemonic mnemonic = Mnemonic::unnamed;
  u8 length = 0;
  u8 operand_size = 0;  // effective operand size in bytes: 1, 2, 4, 8
  u8 address_size = 8;  // effective address size in bytes
  u8 operand_count = 0;
  u8 displacement_offset = 0;  // where in `bytes` a memory operand's displacement lies; 0 without one
  bool lock = false;
  bool rep = false;    // F3 that means REP or REPE
  bool repne = false;  // F2 that means REPNE
  bool far = false;    // far branch
  bool x87 = false;
  bool vector_unit = false;  // x87, MMX, SSE, AVX: state that this engine may not hold
  std::array<Operand, 4> operands{};
  // Every memory access, implicit ones (stack, strings) included, in the decoder's order. The stack operand of PUSH and
  // CALL is given as [rsp] with the old RSP.
  u8 memory_count = 0;
  std::array<MemoryOperand, 3> memory{};
  std::array<u8, longest_instruction> bytes{};

  const Operand& operand(unsigned number) const { return operands[number]; }
  bool is_memory(unsigned number) const { return operands[number].kind == OperandKind::memory; }
  bool is_register(unsigned number) const { return operands[number].kind == OperandKind::reg; }
  bool is_immediate(unsigned number) const { return operands[number].kind == OperandKind::immediate; }
};

}  // namespace trapline::isa
