// The only file that speaks to Zydis for decoding: its instruction is copied into ours, word by word.
#include "isa/decode.h"

#include <Zydis/Decoder.h>
#include <algorithm>

#include "isa/zydis_repair.h"

namespace trapline::isa {
namespace {

// Zydis's number of a mnemonic to ours.
struct MnemonicTable {
  std::array<Mnemonic, ZYDIS_MNEMONIC_MAX_VALUE + 1> ours{};
  constexpr MnemonicTable() {
#define MNEMONIC(name, zydis) ours[ZYDIS_MNEMONIC_##zydis] = Mnemonic::name;
#include "isa/mnemonics.def"
#undef MNEMONIC
  }
};
constexpr MnemonicTable mnemonics;

struct RegisterName {
  RegisterKind kind = RegisterKind::none;
  u8 number = no_register;
};

RegisterName byte_register(ZydisRegister reg) {
  if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH)
    return {RegisterKind::high_byte, static_cast<u8>(reg - ZYDIS_REGISTER_AH)};
  if (reg <= ZYDIS_REGISTER_BL) return {RegisterKind::gpr, static_cast<u8>(reg - ZYDIS_REGISTER_AL)};
  return {RegisterKind::gpr, static_cast<u8>(reg - ZYDIS_REGISTER_SPL + 4)};
}

RegisterName name_of(ZydisRegister reg) {
  const auto number = static_cast<u8>(std::max<int>(ZydisRegisterGetId(reg), 0));
  switch (ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_GPR8:
      return byte_register(reg);
    case ZYDIS_REGCLASS_GPR16:
    case ZYDIS_REGCLASS_GPR32:
    case ZYDIS_REGCLASS_GPR64:
      return {RegisterKind::gpr, number};
    case ZYDIS_REGCLASS_SEGMENT:
      return {RegisterKind::segment, number};
    case ZYDIS_REGCLASS_CONTROL:
      return {RegisterKind::control, number};
    case ZYDIS_REGCLASS_DEBUG:
      return {RegisterKind::debug, number};
    case ZYDIS_REGCLASS_X87:
      return {RegisterKind::x87, number};
    case ZYDIS_REGCLASS_MMX:
    case ZYDIS_REGCLASS_XMM:
    case ZYDIS_REGCLASS_YMM:
    case ZYDIS_REGCLASS_ZMM:
      return {RegisterKind::vector, number};
    default:
      return {RegisterKind::other, number};
  }
}

u8 address_register(ZydisRegister reg) {
  if (reg == ZYDIS_REGISTER_NONE) return no_register;
  if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP) return rip_register;
  const RegisterName name = name_of(reg);
  return name.kind == RegisterKind::gpr ? name.number : no_register;
}

MemoryOperand memory_operand(const ZydisDecodedOperand& from) {
  MemoryOperand memory;
  const RegisterName segment = name_of(from.mem.segment);
  memory.segment =
      segment.kind == RegisterKind::segment ? static_cast<arch::SegmentRegister>(segment.number) : arch::ds;
  memory.base = address_register(from.mem.base);
  memory.index = address_register(from.mem.index);
  memory.scale = std::max<u8>(from.mem.scale, 1);
  memory.displacement = from.mem.disp.has_displacement ? from.mem.disp.value : 0;
  const bool touched = from.mem.type == ZYDIS_MEMOP_TYPE_MEM;
  memory.size = touched ? from.size / 8 : 0;
  memory.read = touched && (from.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
  memory.written = touched && (from.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
  return memory;
}

Operand operand(const ZydisDecodedOperand& from) {
  Operand to;
  to.size = from.size / 8;
  switch (from.type) {
    case ZYDIS_OPERAND_TYPE_REGISTER: {
      const RegisterName name = name_of(from.reg.value);
      to.kind = OperandKind::reg;
      to.register_kind = name.kind;
      to.reg = name.number;
      break;
    }
    case ZYDIS_OPERAND_TYPE_MEMORY:
      to.kind = OperandKind::memory;
      to.memory = memory_operand(from);
      break;
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
      to.kind = from.imm.is_relative ? OperandKind::relative : OperandKind::immediate;
      to.immediate = from.imm.value.s;
      break;
    case ZYDIS_OPERAND_TYPE_POINTER:
      to.kind = OperandKind::far_pointer;
      to.immediate = static_cast<i64>(from.ptr.offset) | static_cast<i64>(from.ptr.segment) << 32;
      break;
    default:
      break;
  }
  return to;
}

bool is_x87(const ZydisDecodedInstruction& from) {
  if (from.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY || from.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT) return false;
  return (from.opcode >= 0xd8 && from.opcode <= 0xdf) || from.mnemonic == ZYDIS_MNEMONIC_FWAIT;
}

// By what it touches; what only saves or loads such state by its mnemonic or category.
bool uses_vector_unit(const ZydisDecodedInstruction& from, const Instruction& to) {
  for (const Operand& each : to.operands)
    if (each.register_kind == RegisterKind::x87 || each.register_kind == RegisterKind::vector) return true;
  switch (from.mnemonic) {
    case ZYDIS_MNEMONIC_XGETBV:
    case ZYDIS_MNEMONIC_XSETBV:
      return false;
    case ZYDIS_MNEMONIC_LDMXCSR:
    case ZYDIS_MNEMONIC_STMXCSR:
    case ZYDIS_MNEMONIC_FXSAVE:
    case ZYDIS_MNEMONIC_FXSAVE64:
    case ZYDIS_MNEMONIC_FXRSTOR:
    case ZYDIS_MNEMONIC_FXRSTOR64:
    case ZYDIS_MNEMONIC_VZEROUPPER:
    case ZYDIS_MNEMONIC_VZEROALL:
      return true;
    default:
      return from.meta.category == ZYDIS_CATEGORY_MMX || from.meta.category == ZYDIS_CATEGORY_XSAVE ||
             from.meta.category == ZYDIS_CATEGORY_XSAVEOPT;
  }
}

void copy_operands(const ZydisDecodedInstruction& from, const ZydisDecodedOperand* operands, Instruction& to) {
  to.operand_count = std::min<u8>(from.operand_count_visible, static_cast<u8>(to.operands.size()));
  for (unsigned i = 0; i < to.operand_count; ++i) to.operands[i] = operand(operands[i]);
  for (unsigned i = 0; i < from.operand_count && to.memory_count < to.memory.size(); ++i)
    if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY) to.memory[to.memory_count++] = memory_operand(operands[i]);
}

DecodeStatus status_of(ZyanStatus status) {
  if (status == ZYDIS_STATUS_NO_MORE_DATA) return DecodeStatus::needs_more;
  return status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG ? DecodeStatus::too_long : DecodeStatus::invalid;
}

}  // namespace

Decoded decode(std::span<const u8> bytes) {
  ZydisDecoder decoder;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  ZydisDecodedInstruction from;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  const ZyanStatus status = bytes.empty()
                                ? ZYDIS_STATUS_NO_MORE_DATA
                                : ZydisDecoderDecodeFull(&decoder, bytes.data(), bytes.size(), &from, operands);
  if (!ZYAN_SUCCESS(status)) return {status_of(status), {}};
  // VEX encodings that only the Knights Corner coprocessor had.
  if (from.meta.isa_ext == ZYDIS_ISA_EXT_KNC) return {DecodeStatus::invalid, {}};
  repair(from, operands);

  Decoded decoded{DecodeStatus::ok, {}};
  Instruction& to = decoded.instruction;
  to.mnemonic = mnemonics.ours[from.mnemonic];
  to.length = from.length;
  to.displacement_offset = from.raw.disp.size ? from.raw.disp.offset : 0;
  to.operand_size = from.operand_width / 8;
  to.address_size = from.address_width / 8;
  to.lock = from.attributes & ZYDIS_ATTRIB_HAS_LOCK;
  to.rep = from.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE);
  to.repne = from.attributes & ZYDIS_ATTRIB_HAS_REPNE;
  to.far = from.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
  copy_operands(from, operands, to);
  to.x87 = is_x87(from);
  to.vector_unit = to.x87 || uses_vector_unit(from, to);
  std::copy_n(bytes.begin(), to.length, to.bytes.begin());
  return decoded;
}

u64 linear_address(const MemoryOperand& operand, const arch::CpuState& state, u64 next_rip, unsigned address_size) {
  u64 offset = static_cast<u64>(operand.displacement);
  if (operand.base == rip_register) offset += next_rip;
  if (operand.base < 16) offset += state.gpr[operand.base];
  if (operand.index < 16) offset += state.gpr[operand.index] * operand.scale;
  if (address_size == 4) offset = static_cast<u32>(offset);
  // In 64-bit mode only FS and GS have a base (SDM vol. 3, "Segmentation in IA-32e Mode").
  const bool has_base = operand.segment == arch::fs || operand.segment == arch::gs;
  return offset + (has_base ? state.segments[operand.segment].base : 0);
}

}  // namespace trapline::isa
