// Which instruction made the access that KVM reports. RIP may stand at it or already behind it (see exits.h), and x86
// code cannot be read backwards for sure: a candidate counts only if it agrees with everything that the exit tells
// (direction, size, port or translated address). Where none does, the answer is that it is not known.
#pragma once

#include <optional>

#include "isa/decode.h"
#include "kvm/guest_view.h"
#include "metal/metal.h"

namespace trapline::kvm {

struct Located {
  u64 rip = 0;
  isa::Instruction instruction;
};

// The instruction at a linear address, if there is one and all its bytes can be fetched.
std::optional<isa::Instruction> instruction_at(const GuestView& guest, u64 linear);

// Whether this module's plain OUT leaves RIP behind the instruction: where the two places agree with the exit alike
// (two equal OUTs in a row), this decides.
enum class PlainOut : u8 { leaves_rip_at, leaves_rip_behind };

std::optional<Located> locate_access(const metal::VmExit& exit, const GuestView& guest, PlainOut plain_out);

}  // namespace trapline::kvm
