// Where the fields lie in the region and in a keyframe part. The region holds the modelled fields in encoding order,
// eight bytes each: this model's own format, which nobody may rely on.
#include "vmx/vmcs.h"

#include "spec/vmcs_part.h"
#include "vmx/controls.h"

namespace trapline::vmx {
namespace {

// Offsets in the region. The first two are architectural: SDM vol. 3, "Format of the VMCS Region".
constexpr u64 revision_offset = 0;
constexpr u64 launch_state_offset = 8;
constexpr u64 data_offset = 16;

consteval bool fields_fit_into_the_region() {
  u64 fields = 0;
#define COUNT(name, encoding, model, text) ++fields;
#define VMCS_16 COUNT
#define VMCS_64 COUNT
#define VMCS_32 COUNT
#define VMCS_NATURAL COUNT
#include "spec/vmcs_fields.def"
#undef VMCS_16
#undef VMCS_64
#undef VMCS_32
#undef VMCS_NATURAL
#undef COUNT
  return data_offset + fields * 8 <= page_bytes;
}
static_assert(fields_fit_into_the_region());

}  // namespace

u32 Vmcs::active_secondary_controls() const {
  return primary(primary::activate_secondary_controls)
             ? static_cast<u32>(get(VmcsField::secondary_processor_based_controls))
             : 0;
}

void Vmcs::for_each(const std::function<void(VmcsField, u64)>& visit) const {
  for (const spec::VmcsFieldInfo& field : spec::vmcs_field_rows())
    if (field.modelled) visit(field.value, get(field.value));
}

bool Vmcs::store(memory::HostMemory& memory) const {
  if (!memory.contains(address_, page_bytes)) return false;
  memory.write(address_ + launch_state_offset, 4, static_cast<u64>(launch_state_), trace::Writer::monitor);
  Hpa cursor = address_ + data_offset;
  for_each([&](VmcsField, u64 value) {
    memory.write(cursor, 8, value, trace::Writer::monitor);
    cursor = cursor + 8;
  });
  return true;
}

bool Vmcs::load(const memory::HostMemory& memory, Hpa address, u32 revision) {
  if (!memory.contains(address, page_bytes)) return false;
  if (memory.read(address + revision_offset, 4) != revision) return false;
  *this = Vmcs(address);
  launch_state_ = memory.read(address + launch_state_offset, 4) == 1 ? LaunchState::launched : LaunchState::clear;
  Hpa cursor = address + data_offset;
  for_each([&](VmcsField field, u64) {
    set(field, memory.read(cursor, 8));
    cursor = cursor + 8;
  });
  return true;
}

std::vector<std::byte> Vmcs::save() const {
  spec::VmcsPart part{address_.value, launch_state_ == LaunchState::launched, {}};
  for_each([&](VmcsField field, u64 value) { part.fields.push_back({static_cast<u32>(field), value}); });
  return spec::encode(part);
}

Result<> Vmcs::restore(std::span<const std::byte> bytes) {
  const std::optional<spec::VmcsPart> part = spec::decode_vmcs_part(bytes);
  if (!part) return usage_error("The keyframe's VMCS part is damaged; record the run again.");
  *this = Vmcs(Hpa(part->address));
  launch_state_ = part->launched ? LaunchState::launched : LaunchState::clear;
  for (const spec::VmcsPart::Field& field : part->fields) set(static_cast<VmcsField>(field.encoding), field.value);
  return {};
}

}  // namespace trapline::vmx
