// Guest memory by linear address, as the monitor's kernel half reaches it when it emulates an instruction: a software
// walk over the guest's tables, with the rights that the guest's access would have had.
//
// The walk is derived, not the processor's; it is on the trace as such. It sets accessed and dirty bits as the
// processor would have.
#pragma once

#include <optional>
#include <span>

#include "arch/cpu_state.h"
#include "arch/fault.h"
#include "memory/guest_memory.h"
#include "mmu/derived_walk.h"

namespace trapline::soft {

class GuestLinear {
 public:
  GuestLinear(memory::GuestMemory& memory, trace::Bus& bus) : memory_(memory), bus_(bus) {}

  // Where the whole range is permitted, its bytes; otherwise the fault that the guest is to see. Bytes where the guest
  // has no memory read as ones.
  std::optional<arch::Fault> read(const arch::CpuState& state, Gva address, std::span<std::byte> into,
                                  arch::Access access = arch::Access::read);
  std::optional<arch::Fault> write(const arch::CpuState& state, Gva address, std::span<const std::byte> from);
  // Whether the range could be written.
  std::optional<arch::Fault> probe_write(const arch::CpuState& state, Gva address, u64 bytes);

 private:
  struct Piece {
    Gpa gpa;
    std::optional<arch::Fault> fault;
  };
  Piece translate(const arch::CpuState& state, Gva address, arch::Access access);

  memory::GuestMemory& memory_;
  trace::Bus& bus_;
};

}  // namespace trapline::soft
