// VMCS fields as an enum and as rows (vmcs_fields.def), and what an encoding says of itself.
//
// SDM vol. 3, "VMREAD, VMWRITE, and Encodings of VMCS Fields": bit 0 access type (1: high half of a 64-bit field), bits
// 9:1 index, 11:10 type, 14:13 width.
#pragma once

#include <span>
#include <string_view>

#include "base/bits.h"
#include "base/integers.h"

namespace trapline::spec {

enum class VmcsField : u32 {
#define VMCS_16(name, encoding, model, text) name = (encoding),
#define VMCS_64(name, encoding, model, text) name = (encoding),
#define VMCS_32(name, encoding, model, text) name = (encoding),
#define VMCS_NATURAL(name, encoding, model, text) name = (encoding),
#include "spec/vmcs_fields.def"
#undef VMCS_16
#undef VMCS_64
#undef VMCS_32
#undef VMCS_NATURAL
};

enum class FieldWidth : u8 { bits_16 = 0, bits_64 = 1, bits_32 = 2, natural = 3 };          // as bits 14:13
enum class FieldType : u8 { control = 0, read_only = 1, guest_state = 2, host_state = 3 };  // as bits 11:10

constexpr FieldWidth width_of_field(u32 encoding) { return static_cast<FieldWidth>(bits(encoding, 14, 13)); }
constexpr FieldType type_of_field(u32 encoding) { return static_cast<FieldType>(bits(encoding, 11, 10)); }
constexpr u32 index_of_field(u32 encoding) { return bits(encoding, 9, 1); }
constexpr bool is_high_half(u32 encoding) { return has_bit(encoding, 0); }
constexpr u64 mask_of_field(u32 encoding) {
  switch (width_of_field(encoding)) {
    case FieldWidth::bits_16:
      return 0xffff;
    case FieldWidth::bits_32:
      return 0xffffffff;
    default:
      return ~0ULL;
  }
}

struct VmcsFieldInfo {
  VmcsField value;
  std::string_view name;
  std::string_view text;  // the manual's name
  FieldWidth width;       // as declared by the row
  bool modelled;          // whether the modelled processor has it
};

std::span<const VmcsFieldInfo> vmcs_field_rows();
// By full encoding (bit 0 clear); null where the manual has no such field.
const VmcsFieldInfo* find_vmcs_field(u32 encoding);

}  // namespace trapline::spec
