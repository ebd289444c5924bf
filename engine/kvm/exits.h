// What KVM_RUN said, as a VmExit: a pure reading of struct kvm_run (KVM API document, "The kvm_run structure").
//
// Where RIP stands at a user-space exit, and what has already happened to the other registers, depends on KVM's path:
//
//   exit                      by the processor's exit (kvm_intel, kvm_amd)   by KVM's emulator (all of kvm_pvm at CPL
//   0) OUT                       at the instruction                             behind it IN                        at
//   the instruction                             at it REP OUTS (emulator only)  at the instruction, RSI and RCX
//   advanced by the units handed over REP INS  (emulator only)  at the instruction, RDI and RCX not advanced yet MMIO
//   write (emulator)     behind the instruction MMIO read  (emulator)     at the instruction HLT behind the instruction
//
// The access is complete only when KVM_RUN is entered again.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "base/hex.h"
#include "kvm/abi.h"
#include "metal/metal.h"

namespace trapline::kvm {

struct FailedInstruction {
  u8 length = 0;  // bytes known, at most 15
  std::array<u8, 16> bytes{};
};

struct ReadExit {
  metal::VmExit exit;
  u64 number = trace::unknown_number;       // port, guest-physical address, or KVM's reason number
  std::optional<FailedInstruction> failed;  // with not_implemented, where KVM tells the bytes
};

// `run` is the start of a mapping of `mapped_bytes`; IoAccess::data points into it.
ReadExit read_exit(kvm_run& run, std::size_t mapped_bytes, const std::string& module);

// "KVM_EXIT_SHUTDOWN"; for numbers without a name here, "KVM exit 99".
std::string exit_name(u32 reason);

}  // namespace trapline::kvm
