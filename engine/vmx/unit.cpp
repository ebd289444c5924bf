// VMX instructions in root operation, each after its page of the "VMX Instruction Reference".
#include "vmx/unit.h"

#include <cassert>
#include <cstring>

#include "vmx/ept_pointer.h"

namespace trapline::vmx {
namespace {

using Way = InstructionResult::Way;
using spec::VmInstructionError;

constexpr u64 no_pointer = ~0ULL;

InstructionResult succeed(u64 value = 0) { return {Way::succeed, {}, value}; }
InstructionResult fail_invalid() { return {Way::fail_invalid, {}, 0}; }

// The field that an encoding names, its high half included; null for what the modelled processor does not have.
const spec::VmcsFieldInfo* supported_field(u64 encoding) {
  if (encoding >> 32 != 0) return nullptr;
  const u32 low = static_cast<u32>(encoding);
  const spec::VmcsFieldInfo* field = spec::find_vmcs_field(low & ~1U);
  if (!field || !field->modelled) return nullptr;
  if (spec::is_high_half(low) && field->width != spec::FieldWidth::bits_64) return nullptr;
  return field;
}

}  // namespace

VmxUnit::VmxUnit(const Capabilities& capabilities, memory::HostMemory& memory)
    : capabilities_(capabilities), memory_(memory) {}

Vmcs& VmxUnit::current() {
  assert(has_current());
  return current_;
}
const Vmcs& VmxUnit::current() const {
  assert(has_current());
  return current_;
}

bool VmxUnit::valid_region(Hpa region) const {
  return region.page_offset() == 0 && capabilities_.within_physical_width(region.value);
}

InstructionResult VmxUnit::fail(VmInstructionError error) {
  if (!has_current()) return fail_invalid();
  current_.set(VmcsField::vm_instruction_error, static_cast<u32>(error));
  return {Way::fail_valid, error, 0};
}

InstructionResult VmxUnit::vmxon(Hpa region) {
  if (in_operation()) return fail(VmInstructionError::VMXON_IN_ROOT);
  if (!valid_region(region) || !memory_.contains(region, page_bytes)) return fail_invalid();
  if (memory_.read(region, 4) != capabilities_.revision) return fail_invalid();
  vmxon_region_ = region;
  current_ = Vmcs();
  return succeed();
}

InstructionResult VmxUnit::vmxoff() {
  assert(in_operation());
  if (has_current()) current_.store(memory_);
  vmxon_region_.reset();
  current_ = Vmcs();
  return succeed();
}

InstructionResult VmxUnit::vmclear(Hpa region) {
  assert(in_operation());
  if (!valid_region(region)) return fail(VmInstructionError::VMCLEAR_INVALID_ADDRESS);
  if (region == *vmxon_region_) return fail(VmInstructionError::VMCLEAR_VMXON_POINTER);
  if (has_current() && current_.address() == region) {
    current_.set_launch_state(LaunchState::clear);
    current_.store(memory_);
    current_ = Vmcs();
    return succeed();
  }
  Vmcs other;
  if (other.load(memory_, region, capabilities_.revision)) {
    other.set_launch_state(LaunchState::clear);
    other.store(memory_);
  } else if (memory_.contains(region, page_bytes)) {
    Vmcs(region).store(memory_);  // a region without its revision identifier yet: the launch state is what counts
  }
  return succeed();
}

InstructionResult VmxUnit::vmptrld(Hpa region) {
  assert(in_operation());
  if (!valid_region(region)) return fail(VmInstructionError::VMPTRLD_INVALID_ADDRESS);
  if (region == *vmxon_region_) return fail(VmInstructionError::VMPTRLD_VMXON_POINTER);
  if (has_current() && current_.address() == region) return succeed();
  Vmcs next;
  if (!next.load(memory_, region, capabilities_.revision)) return fail(VmInstructionError::VMPTRLD_WRONG_REVISION);
  if (has_current()) current_.store(memory_);
  current_ = next;
  return succeed();
}

InstructionResult VmxUnit::vmptrst() {
  assert(in_operation());
  return succeed(has_current() ? current_.address().value : no_pointer);
}

InstructionResult VmxUnit::vmread(u64 encoding) {
  assert(in_operation());
  if (!has_current()) return fail_invalid();
  const spec::VmcsFieldInfo* field = supported_field(encoding);
  if (!field) return fail(VmInstructionError::UNSUPPORTED_COMPONENT);
  const u64 value = current_.get(field->value);
  return succeed(spec::is_high_half(static_cast<u32>(encoding)) ? value >> 32 : value);
}

InstructionResult VmxUnit::vmwrite(u64 encoding, u64 value) {
  assert(in_operation());
  if (!has_current()) return fail_invalid();
  const spec::VmcsFieldInfo* field = supported_field(encoding);
  if (!field) return fail(VmInstructionError::UNSUPPORTED_COMPONENT);
  if (spec::type_of_field(static_cast<u32>(encoding)) == spec::FieldType::read_only)
    return fail(VmInstructionError::READ_ONLY_COMPONENT);
  if (spec::is_high_half(static_cast<u32>(encoding))) value = value << 32 | (current_.get(field->value) & 0xffffffff);
  current_.set(field->value, value);
  return succeed();
}

InstructionResult VmxUnit::invept(u64 type, u64 low, u64 high, InveptOperand& operand) {
  assert(in_operation());
  constexpr u64 single_context = 1, all_contexts = 2;
  if (high != 0 || (type != single_context && type != all_contexts)) return fail(VmInstructionError::INVALID_OPERAND);
  if (type == all_contexts) {
    operand = {InveptOperand::Scope::all_contexts, 0};
    return succeed();
  }
  if (!EptPointer{low}.valid(capabilities_)) return fail(VmInstructionError::INVALID_OPERAND);
  operand = {InveptOperand::Scope::single_context, low};
  return succeed();
}

InstructionResult VmxUnit::invvpid(u64 type, u64 low, u64 high, InvvpidOperand& operand) {
  assert(in_operation());
  using Scope = InvvpidOperand::Scope;
  constexpr u64 last_type = 3;
  if (type > last_type || low >> 16 != 0) return fail(VmInstructionError::INVALID_OPERAND);
  const auto scope = static_cast<Scope>(type);  // numbered as the instruction's types
  if (scope != Scope::all_contexts && low == 0) return fail(VmInstructionError::INVALID_OPERAND);
  if (scope == Scope::individual_address && !is_canonical(high)) return fail(VmInstructionError::INVALID_OPERAND);
  operand = {scope, static_cast<u16>(low), Gva(high)};
  return succeed();
}

std::vector<std::byte> VmxUnit::save() const {
  const u64 region = vmxon_region_ ? vmxon_region_->value : no_pointer;
  std::vector<std::byte> bytes(sizeof region);
  std::memcpy(bytes.data(), &region, sizeof region);
  const std::vector<std::byte> vmcs = current_.save();
  bytes.insert(bytes.end(), vmcs.begin(), vmcs.end());
  return bytes;
}

Result<> VmxUnit::restore(std::span<const std::byte> part) {
  u64 region = 0;
  if (part.size() < sizeof region) return usage_error("The keyframe's VMX part is too short; record the run again.");
  std::memcpy(&region, part.data(), sizeof region);
  Vmcs vmcs;
  if (Result<> restored = vmcs.restore(part.subspan(sizeof region)); !restored) return restored.error();
  vmxon_region_ = region == no_pointer ? std::nullopt : std::optional(Hpa(region));
  current_ = vmcs;
  return {};
}

}  // namespace trapline::vmx
