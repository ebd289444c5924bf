// Text to bytes, so that a lab's guest code needs no toolchain: Intel syntax, 64-bit mode, one instruction a line.
//
// What a line may say is told in assembler/parser.h (lines), operand.h (operands) and expression.h (numbers). Encoding
// is Zydis's, everything else is here.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/integers.h"
#include "base/result.h"

namespace trapline::isa {

// The most that one source may hold and make, and what it may cost: enough for any lab, too little to hang one.
inline constexpr std::size_t longest_source = std::size_t{1} << 20;
inline constexpr std::size_t longest_output = std::size_t{1} << 20;

struct Assembly {
  std::vector<u8> bytes;
  std::map<std::string, u64, std::less<>> labels;  // a local label under its whole name, "outer.inner"
  std::map<u64, unsigned> lines;                   // first byte of each line's code or data to its line number, from 1
};

// `origin` is the address of the first byte. An error is one sentence that begins with "line N: ".
Result<Assembly> assemble(std::string_view text, u64 origin);

}  // namespace trapline::isa
