// The codec of that part: fixed width, little endian, and a decoder that trusts nothing.
#include "spec/vmcs_part.h"

#include <cstring>

namespace trapline::spec {
namespace {

constexpr std::size_t header_bytes = 16;
constexpr std::size_t field_bytes = 16;

template <typename Value>
void append(std::vector<std::byte>& bytes, Value value) {
  for (std::size_t index = 0; index < sizeof value; ++index)
    bytes.push_back(static_cast<std::byte>(static_cast<u64>(value) >> (8 * index)));
}

template <typename Value>
Value take(std::span<const std::byte> bytes, std::size_t offset) {
  u64 value = 0;
  for (std::size_t index = 0; index < sizeof(Value); ++index)
    value |= static_cast<u64>(bytes[offset + index]) << (8 * index);
  return static_cast<Value>(value);
}

}  // namespace

std::vector<std::byte> encode(const VmcsPart& part) {
  std::vector<std::byte> bytes;
  bytes.reserve(header_bytes + part.fields.size() * field_bytes);
  append<u64>(bytes, part.address);
  append<u32>(bytes, part.launched ? 1 : 0);
  append<u32>(bytes, static_cast<u32>(part.fields.size()));
  for (const VmcsPart::Field& field : part.fields) {
    append<u32>(bytes, field.encoding);
    append<u32>(bytes, 0);
    append<u64>(bytes, field.value);
  }
  return bytes;
}

std::optional<VmcsPart> decode_vmcs_part(std::span<const std::byte> bytes) {
  if (bytes.size() < header_bytes) return std::nullopt;
  VmcsPart part;
  part.address = take<u64>(bytes, 0);
  const u32 launched = take<u32>(bytes, 8);
  const u64 count = take<u32>(bytes, 12);
  if (launched > 1 || bytes.size() != header_bytes + count * field_bytes) return std::nullopt;
  part.launched = launched == 1;
  for (u64 index = 0; index < count; ++index) {
    const std::size_t offset = header_bytes + index * field_bytes;
    const u32 encoding = take<u32>(bytes, offset);
    const u64 value = take<u64>(bytes, offset + 8);
    const bool in_order = part.fields.empty() || part.fields.back().encoding < encoding;
    if (!in_order || !find_vmcs_field(encoding) || take<u32>(bytes, offset + 4) != 0 ||
        (value & ~mask_of_field(encoding)) != 0)
      return std::nullopt;
    part.fields.push_back({encoding, value});
  }
  return part;
}

}  // namespace trapline::spec
