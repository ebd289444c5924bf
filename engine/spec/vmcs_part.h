// How a keyframe part holds a VMCS, so that whoever folds a trace can read what the VMX room wrote.
//
// Little endian: u64 host-physical address of the region (all ones: none), u32 launch state (0 clear, 1 launched),
// u32 number of fields, then for each field in encoding order u32 encoding, u32 zero, u64 value.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/tag.h"
#include "spec/vmcs_fields.h"

namespace trapline::spec {

inline constexpr u32 vmcs_part = tag("VMCS");

struct VmcsPart {
  u64 address = ~0ULL;
  bool launched = false;
  struct Field {
    u32 encoding;
    u64 value;
  };
  std::vector<Field> fields;
};

std::vector<std::byte> encode(const VmcsPart& part);
// Nothing where the bytes are not such a part: wrong length, an encoding out of order or not in the manual.
std::optional<VmcsPart> decode_vmcs_part(std::span<const std::byte> bytes);

}  // namespace trapline::spec
