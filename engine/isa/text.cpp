// Instruction to Intel-syntax text, by Zydis's formatter.
#include <Zydis/Zydis.h>

#include "isa/decode.h"
#include "isa/zydis_repair.h"

namespace trapline::isa {

std::string text(std::span<const u8> bytes, u64 rip) {
  ZydisDecoder decoder;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  ZydisDecodedInstruction instruction;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  if (bytes.empty() ||
      !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes.data(), bytes.size(), &instruction, operands)))
    return "(bad)";
  repair(instruction, operands);

  ZydisFormatter formatter;
  ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
  ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE);
  ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_IMM_PADDING, ZYDIS_PADDING_DISABLED);
  ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_DISP_PADDING, ZYDIS_PADDING_DISABLED);
  ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE, ZYDIS_PADDING_DISABLED);
  char line[256];
  const ZyanStatus status = ZydisFormatterFormatInstruction(
      &formatter, &instruction, operands, instruction.operand_count_visible, line, sizeof line, rip, nullptr);
  return ZYAN_SUCCESS(status) ? std::string(line) : "(bad)";
}

}  // namespace trapline::isa
