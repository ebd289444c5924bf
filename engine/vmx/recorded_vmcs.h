// VMREAD and VMWRITE as the monitor's kernel half does them: every access is an event.
#pragma once

#include "trace/bus.h"
#include "vmx/unit.h"

namespace trapline::vmx {

class RecordedVmcs {
 public:
  RecordedVmcs(VmxUnit& unit, trace::Bus& bus) : unit_(unit), bus_(bus) {}

  // For fields that the monitor knows to exist: a VMfail is our own bug (asserted).
  u64 read(VmcsField field);
  void write(VmcsField field, u64 value);
  // For encodings from elsewhere, such as a lab's script; nothing is emitted for an access that fails.
  InstructionResult try_read(u64 encoding);
  InstructionResult try_write(u64 encoding, u64 value);

 private:
  VmxUnit& unit_;
  trace::Bus& bus_;
};

}  // namespace trapline::vmx
