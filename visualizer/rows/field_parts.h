// A register or a VMCS field bit by bit, from the rows of spec/field_bits.def: what registers and VMCS show alike.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "spec/field_bits.h"

namespace trapline::window {

struct FieldPart {
  std::string_view name;  // as the manual has it
  Sentence meaning;
  u8 high = 0, low = 0;
  u64 value = 0;
  std::string_view word;  // what the number stands for, where it has a word
  bool changed = false;   // since `before`

  bool single() const { return high == low; }
};

struct FieldParts {
  std::vector<FieldPart> parts;  // low to high
  u64 reserved = 0;              // bits without a name that are 1
};

FieldParts parts_of(spec::FieldForm form, u64 value, std::optional<u64> before);
// In one line: names of the bits that are 1, numbers with their words: `P, DPL 3, type 11`.
std::string line_of(const FieldParts& parts);
// What the types 0 to 15 of a segment descriptor are: SDM vol. 3, "Code- and Data-Segment Descriptor Types" and "System
// Descriptor Types" (IA-32e mode).
std::string_view segment_type(u32 access_rights);

}  // namespace trapline::window
