// A virtual-machine control structure: the fields, the launch state, and the place it has in host-physical memory.
//
// SDM vol. 3, "Virtual Machine Control Structures". The processor works on this object while the VMCS is active;
// VMCLEAR and a VMPTRLD of another VMCS write it to its region, in the format of this model (a format is a processor's
// own matter), and VMPTRLD reads it from there. Silent: accesses that belong on the trace go through RecordedVmcs.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "memory/host_memory.h"
#include "spec/vmcs_fields.h"

namespace trapline::vmx {

using spec::VmcsField;

enum class LaunchState : u8 { clear, launched };

class Vmcs {
 public:
  Vmcs() = default;
  explicit Vmcs(Hpa address) : address_(address) {}

  Hpa address() const { return address_; }
  LaunchState launch_state() const { return launch_state_; }
  void set_launch_state(LaunchState state) { launch_state_ = state; }

  // The processor's own access, by full encoding: no checks, the value cut to the field's width.
  u64 get(VmcsField field) const { return fields_[slot(static_cast<u32>(field))]; }
  void set(VmcsField field, u64 value) {
    fields_[slot(static_cast<u32>(field))] = value & spec::mask_of_field(static_cast<u32>(field));
  }
  bool has_all(VmcsField controls, u32 mask) const { return (get(controls) & mask) == mask; }

  // A primary control; a secondary control, which counts as 0 while activate secondary controls is 0.
  bool primary(u32 control) const { return get(VmcsField::primary_processor_based_controls) & control; }
  bool secondary(u32 control) const { return active_secondary_controls() & control; }
  u32 active_secondary_controls() const;

  // Every field that the modelled processor has, in encoding order.
  void for_each(const std::function<void(VmcsField field, u64 value)>& visit) const;

  // The region in memory: revision identifier (software writes it), abort indicator, launch state, fields. False, and
  // nothing done, where the region does not lie in memory or, for load, has another revision or the shadow indicator.
  bool store(memory::HostMemory& memory) const;
  bool load(const memory::HostMemory& memory, Hpa address, u32 revision);

  // The bytes of a keyframe part (spec/vmcs_part.h), and back. Errors: bytes that save() did not write.
  std::vector<std::byte> save() const;
  Result<> restore(std::span<const std::byte> part);

  friend bool operator==(const Vmcs&, const Vmcs&) = default;

 private:
  // Width, type and the low six bits of the index: no encoding in the manual has an index above 63.
  static constexpr std::size_t slot(u32 encoding) {
    return bits(encoding, 14, 13) << 8 | bits(encoding, 11, 10) << 6 | bits(encoding, 6, 1);
  }

  Hpa address_ = Hpa::unknown();
  LaunchState launch_state_ = LaunchState::clear;
  std::array<u64, 1024> fields_{};
};

}  // namespace trapline::vmx
