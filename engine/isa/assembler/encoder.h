// One instruction with known addresses to bytes, over the Zydis encoder.
#pragma once

#include <array>
#include <span>

#include "isa/assembler/statement.h"

namespace trapline::isa::assembler {

struct Encoding {
  std::array<u8, 16> bytes{};
  unsigned length = 0;
  std::span<const u8> view() const { return {bytes.data(), length}; }
};

// What one instruction remembers from pass to pass, so that the layout only grows.
struct EncodeState {
  u64 shift = 0;             // how far the instruction moved since the pass that the labels' addresses are of
  bool skewed = false;       // a short branch fits there but not here: another pass is needed
  bool near_form = false;    // a branch that once did not fit its short form
  bool explain = true;       // whether an error's sentence will be read; to find the forms to name takes a while
  unsigned memory_size = 0;  // what was found for a memory operand without a size word
};

// The error says what is wrong, without the line.
Result<Encoding> encode(const InstructionLine& line, const Scope& scope, EncodeState& state);

// Whether its bytes are the same wherever it stands and whatever the labels are.
bool is_constant(const InstructionLine& line);

// The encoder's answer to a request, put right where Zydis 4.0 is wrong.
std::optional<Encoding> attempt(const ZydisEncoderRequest& request);
ZydisEncoderRequest request_for(const Named& named);

// "; it takes reg, reg | reg, [mem] | ...": found by trying.
std::string forms_of(const Named& named);

}  // namespace trapline::isa::assembler
