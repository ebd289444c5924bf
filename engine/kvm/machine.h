// The KVM metal: this host's processor through /dev/kvm.
//
// One VM with one slot of memory from guest-physical 0, one vCPU, no interrupt controller and no timer in the kernel:
// devices live above the doors, shared with the soft metal. What KVM does between two exits is not seen; every KVM_RUN
// leaves `gap` events that say so.
#pragma once

#include <memory>

#include "metal/metal.h"

namespace trapline::kvm {

// How long one KVM_RUN may last without any reason of the monitor's own to return. A guest that needs more without one
// exit is taken for stuck: on kvm_pvm VMCALL at CPL 0 never completes.
struct Limits {
  u64 watchdog_nanoseconds = 10'000'000'000;
};

// Errors: usage (an option that this metal cannot vary, a memory size it cannot hold), unavailable (no usable KVM).
Result<std::unique_ptr<metal::Machine>> make_machine(const metal::MachineOptions& options, trace::Bus& bus);
Result<std::unique_ptr<metal::Machine>> make_machine(const metal::MachineOptions& options, trace::Bus& bus,
                                                     const Limits& limits);

}  // namespace trapline::kvm
