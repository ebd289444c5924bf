// The thin layer between the kernel half and the VMCS that puts accesses on the trace.
#include "vmx/recorded_vmcs.h"

#include <cassert>

namespace trapline::vmx {

InstructionResult RecordedVmcs::try_read(u64 encoding) {
  const InstructionResult result = unit_.vmread(encoding);
  if (result.ok()) bus_.emit(trace::VmcsRead{static_cast<u32>(encoding), result.value});
  return result;
}

InstructionResult RecordedVmcs::try_write(u64 encoding, u64 value) {
  const InstructionResult result = unit_.vmwrite(encoding, value);
  // What the field holds now: a VMWRITE drops the bits beyond its width.
  if (result.ok()) {
    const u64 mask =
        spec::is_high_half(static_cast<u32>(encoding)) ? 0xffffffff : spec::mask_of_field(static_cast<u32>(encoding));
    bus_.emit(trace::VmcsWrite{static_cast<u32>(encoding), value & mask});
  }
  return result;
}

u64 RecordedVmcs::read(VmcsField field) {
  const InstructionResult result = try_read(static_cast<u32>(field));
  assert(result.ok());
  return result.value;
}

void RecordedVmcs::write(VmcsField field, u64 value) {
  [[maybe_unused]] const InstructionResult result = try_write(static_cast<u32>(field), value);
  assert(result.ok());
}

}  // namespace trapline::vmx
