// Words of the language: registers, mnemonics with their other names, size words, directives.
#pragma once

#include <Zydis/Encoder.h>
#include <optional>
#include <string>
#include <string_view>

#include "base/integers.h"

namespace trapline::isa::assembler {

std::string lower(std::string_view name);

// ZYDIS_REGISTER_NONE is never in it. Names in any case.
std::optional<ZydisRegister> register_named(std::string_view name);
bool is_general(ZydisRegister reg);
bool is_segment(ZydisRegister reg);
unsigned bytes_of(ZydisRegister reg);  // in 64-bit mode
ZydisRegister general_register(unsigned number, unsigned bytes);
unsigned number_of(ZydisRegister general);

// What a mnemonic as written asks of the encoder. Names that only differ in the size they mean (sysretq, retfq) carry
// it.
struct Named {
  ZydisMnemonic mnemonic = ZYDIS_MNEMONIC_INVALID;
  ZydisBranchType branch = ZYDIS_BRANCH_TYPE_NONE;
  unsigned size = 0;  // bytes; 0 for the usual
};
std::optional<Named> mnemonic_named(std::string_view name);

// byte, word, dword, ...: the bytes they mean, or 0.
unsigned size_named(std::string_view word);

// "; did you mean mov?", over mnemonics, prefixes and directives.
std::string mnemonic_hint(std::string_view wrong);

}  // namespace trapline::isa::assembler
