// The VMX unit of one processor: what the VMX instructions do in root operation, and which VMCS is current.
//
// SDM vol. 3, "VMX Instruction Reference" and "Introduction to Virtual Machine Extensions". Instructions end in one of
// three ways (VMsucceed, VMfailInvalid, VMfailValid); VMfailValid leaves its number in the VM-instruction error field.
// VMLAUNCH and VMRESUME are entry.h's matter; INVEPT and INVVPID check their operands here and tell what is to be
// invalidated, which the owner of the TLB then does.
#pragma once

#include <optional>

#include "spec/vm_instruction_errors.h"
#include "vmx/capabilities.h"
#include "vmx/vmcs.h"

namespace trapline::vmx {

struct InstructionResult {
  enum class Way : u8 { succeed, fail_invalid, fail_valid };
  Way way = Way::succeed;
  spec::VmInstructionError error{};  // with fail_valid
  u64 value = 0;                     // VMREAD, VMPTRST: what was read

  bool ok() const { return way == Way::succeed; }
};

// What an INVEPT or INVVPID that succeeds invalidates.
struct InveptOperand {
  enum class Scope : u8 { single_context, all_contexts } scope;
  u64 ept_pointer;
};
struct InvvpidOperand {
  enum class Scope : u8 { individual_address, single_context, all_contexts, single_context_retaining_globals } scope;
  u16 vpid;
  Gva linear;
};

class VmxUnit {
 public:
  // Both must outlive the unit.
  VmxUnit(const Capabilities& capabilities, memory::HostMemory& memory);

  const Capabilities& capabilities() const { return capabilities_; }
  memory::HostMemory& memory() { return memory_; }
  const memory::HostMemory& memory() const { return memory_; }

  bool in_operation() const { return vmxon_region_.has_value(); }
  bool has_current() const { return in_operation() && current_.address().known(); }
  // The current VMCS; only where has_current().
  Vmcs& current();
  const Vmcs& current() const;

  InstructionResult vmxon(Hpa region);
  InstructionResult vmxoff();
  InstructionResult vmclear(Hpa region);
  InstructionResult vmptrld(Hpa region);
  InstructionResult vmptrst();
  InstructionResult vmread(u64 encoding);
  InstructionResult vmwrite(u64 encoding, u64 value);
  // Descriptors as they lie in memory: 128 bits, low half first.
  InstructionResult invept(u64 type, u64 descriptor_low, u64 descriptor_high, InveptOperand& operand);
  InstructionResult invvpid(u64 type, u64 descriptor_low, u64 descriptor_high, InvvpidOperand& operand);

  // VMfail as the manual's pseudocode has it: VMfailValid and the error field where there is a current VMCS.
  InstructionResult fail(spec::VmInstructionError error);

  // For keyframes: VMXON region and the current VMCS. Errors: bytes that save() did not write.
  std::vector<std::byte> save() const;
  Result<> restore(std::span<const std::byte> part);

 private:
  bool valid_region(Hpa region) const;

  const Capabilities& capabilities_;
  memory::HostMemory& memory_;
  std::optional<Hpa> vmxon_region_;
  Vmcs current_;
};

}  // namespace trapline::vmx
