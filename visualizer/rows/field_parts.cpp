#include "visualizer/rows/field_parts.h"

#include "base/bits.h"
#include "base/hex.h"

namespace trapline::window {

namespace {

std::string text_of(const FieldPart& part) {
  if (!part.word.empty()) return std::string(part.word);
  // An address is shown whole, other numbers as they stand.
  if (part.high - part.low >= 32) return std::string(part.name) + " " + hex_number(part.value << part.low);
  return std::string(part.name) + " " + (part.value < 10 ? std::to_string(part.value) : hex_number(part.value));
}

}  // namespace

FieldParts parts_of(spec::FieldForm form, u64 value, std::optional<u64> before) {
  FieldParts all;
  for (const spec::FieldBits& row : spec::field_bits_of(form)) {
    const u64 number = bits(value, row.high, row.low);
    all.parts.push_back({row.name, row.meaning, row.high, row.low, number,
                         row.single() ? std::string_view() : spec::value_word(form, row.low, number),
                         before && bits(*before, row.high, row.low) != number});
  }
  all.reserved = value & spec::reserved_of(form);
  return all;
}

std::string line_of(const FieldParts& parts) {
  std::string line;
  for (const FieldPart& part : parts.parts) {
    if (part.single() && part.value == 0) continue;
    if (!line.empty()) line += ", ";
    line += part.single() ? std::string(part.name) : text_of(part);
  }
  return line;
}

std::string_view segment_type(u32 access_rights) {
  constexpr std::string_view memory[] = {"read-only",
                                         "read-only, accessed",
                                         "read/write",
                                         "read/write, accessed",
                                         "read-only, expand-down",
                                         "read-only, expand-down, accessed",
                                         "read/write, expand-down",
                                         "read/write, expand-down, accessed",
                                         "execute-only",
                                         "execute-only, accessed",
                                         "execute/read",
                                         "execute/read, accessed",
                                         "execute-only, conforming",
                                         "execute-only, conforming, accessed",
                                         "execute/read, conforming",
                                         "execute/read, conforming, accessed"};
  constexpr std::string_view system[] = {
      "reserved", "reserved",       "LDT",      "reserved",  "reserved",  "reserved", "reserved",       "reserved",
      "reserved", "TSS, available", "reserved", "TSS, busy", "call gate", "reserved", "interrupt gate", "trap gate"};
  const u32 type = access_rights & 15;
  return has_bit(access_rights, 4) ? memory[type] : system[type];
}

}  // namespace trapline::window
