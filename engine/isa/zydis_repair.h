// What the decoder library gets wrong, put right in one place.
#pragma once

#include <Zydis/Decoder.h>

namespace trapline::isa {

// Zydis 4.0 gives [r13d] for 67 REX.B SIB forms that have no base register but a displacement (SDM vol. 2, "32-Bit
// Addressing Forms with the SIB Byte": mod 00, base 101).
inline void repair(const ZydisDecodedInstruction& instruction, ZydisDecodedOperand* operands) {
  if (instruction.raw.modrm.mod != 0 || instruction.raw.modrm.rm != 4 || instruction.raw.sib.base != 5) return;
  for (unsigned i = 0; i < instruction.operand_count; ++i) {
    ZydisDecodedOperand& operand = operands[i];
    if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY || operand.mem.base != ZYDIS_REGISTER_R13D) continue;
    operand.mem.base = ZYDIS_REGISTER_NONE;
    operand.mem.disp.has_displacement = ZYAN_TRUE;
    operand.mem.disp.value = instruction.raw.disp.value;
  }
}

}  // namespace trapline::isa
