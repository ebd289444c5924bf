// A stopped guest's memory by linear address, through its own tables as they stand in memory; silent.
#pragma once

#include <optional>
#include <span>

#include "arch/cpu_state.h"
#include "memory/guest_memory.h"
#include "mmu/derived_walk.h"

namespace trapline::kvm {

class GuestView {
 public:
  GuestView(const memory::GuestMemory& memory, const arch::CpuState& state, unsigned physical_bits)
      : memory_(memory), state_(state), physical_bits_(physical_bits) {}

  const arch::CpuState& state() const { return state_; }
  // Nothing where the guest itself would fault.
  std::optional<Gpa> translate(u64 linear, arch::Access access) const;
  // Instruction bytes; how many could be fetched before a page that cannot.
  std::size_t fetch(u64 linear, std::span<u8> into) const;

 private:
  const memory::GuestMemory& memory_;
  const arch::CpuState& state_;
  unsigned physical_bits_;
};

}  // namespace trapline::kvm
