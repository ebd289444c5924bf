// One operand as it is written, before labels have addresses.
//
//   operand: [short | near | far] [byte | word | dword | ... [ptr]] (register | expression | [segment:] memory)
//   memory:  [ [rel | abs] [segment:] part + part - part ... ], a part being a register, register*scale or a product
//
// [label] is RIP-relative, [abs label] and [number] are not; labels under FS and GS are offsets, thus absolute too.
#pragma once

#include <Zydis/Encoder.h>

#include "isa/assembler/expression.h"

namespace trapline::isa::assembler {

enum class OperandShape : u8 { reg, immediate, memory };
enum class Reach : u8 { any, short_form, near_form, far_form };
enum class Addressing : u8 { usual, relative, absolute };

struct ParsedOperand {
  OperandShape shape = OperandShape::immediate;
  Reach reach = Reach::any;
  unsigned size = 0;  // bytes by a size word; of registers: their own; 0 unknown
  ZydisRegister reg = ZYDIS_REGISTER_NONE;
  ZydisRegister segment = ZYDIS_REGISTER_NONE;  // an override
  ZydisRegister base = ZYDIS_REGISTER_NONE;
  ZydisRegister index = ZYDIS_REGISTER_NONE;
  u8 scale = 0;
  Addressing addressing = Addressing::usual;
  Expression value;  // an immediate's value, a memory operand's displacement
};

Result<ParsedOperand> parse_operand(Cursor& cursor, Context& context);

}  // namespace trapline::isa::assembler
