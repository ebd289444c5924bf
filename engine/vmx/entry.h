// VM entry: VMLAUNCH and VMRESUME from the basic checks to the guest's first instruction. SDM vol. 3, "VM Entries".
//
// The checks are rows of spec/entry_rules.def, one function of entry_rules.h each, made in the order of the rows.
#pragma once

#include <optional>
#include <vector>

#include "arch/cpu_state.h"
#include "spec/entry_rules.h"
#include "trace/bus.h"
#include "vmx/exit_information.h"
#include "vmx/unit.h"

namespace trapline::vmx {

struct BrokenRule {
  spec::EntryRule rule{};
  VmcsField field{};  // the field that broke it; of several, the first
  u64 value = 0;
  friend bool operator==(const BrokenRule&, const BrokenRule&) = default;
};

// What the checks look at beside the VMCS itself.
struct EntryContext {
  const Capabilities& capabilities;
  const memory::HostMemory& memory;
  bool host_in_long_mode = true;
};

// The first rule that a VMCS breaks, and (for one who mends a VMCS) all of them.
std::optional<BrokenRule> first_broken_rule(const Vmcs& vmcs, const EntryContext& context);
std::vector<BrokenRule> broken_rules(const Vmcs& vmcs, const EntryContext& context);

enum class EntryKind : u8 { launch, resume };

struct EntryResult {
  enum class Way : u8 {
    entered,       // `state` is the guest's
    failed,        // the instruction failed: VMfailInvalid or VMfailValid, `state` untouched
    entry_failure  // VM-entry failure: exit reason with bit 31, host state loaded
  };
  Way way = Way::entered;
  InstructionResult instruction;           // with failed
  ExitInformation exit;                    // with entry_failure
  std::optional<BrokenRule> broken;        // the check that refused, where it was one
  std::optional<arch::Delivery> injected;  // with entered: to be delivered through the guest's IDT before anything else
};

// `state` is the processor's before and after. Registers outside the VMCS (all general ones but RSP, CR2, CR8, debug
// registers, SYSCALL MSRs) pass through unchanged: switching them is the monitor's work. Emits vm_entry, or entry_check
// and, for an entry failure, vm_exit. Translations are not touched: without VPID the caller flushes.
EntryResult enter(VmxUnit& unit, EntryKind kind, arch::CpuState& state, trace::Bus& bus);

// The parts of it: guest-state area to processor; the event in the VM-entry interruption-information field.
void load_guest_state(const Vmcs& vmcs, arch::CpuState& state);
std::optional<arch::Delivery> injected_event(const Vmcs& vmcs);

}  // namespace trapline::vmx
