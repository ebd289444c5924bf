#include "soft/guest_linear.h"

#include <algorithm>

#include "vmx/capabilities.h"

namespace trapline::soft {

namespace {

// The bytes of a range up to the end of its page.
u64 in_page(Gva address, u64 bytes) { return std::min(bytes, page_bytes - address.page_offset()); }

}  // namespace

GuestLinear::Piece GuestLinear::translate(const arch::CpuState& state, Gva address, arch::Access access) {
  mmu::GuestMemoryTables tables(memory_);
  const auto paging = mmu::paging_state_of(state);
  const unsigned physical_bits = vmx::modelled_capabilities().physical_address_bits;
  const auto walk = mmu::trace_walk(bus_, tables, paging, physical_bits, {address, access, mmu::privilege_of(state)});
  if (walk.outcome != trace::WalkOutcome::translated) {
    // A table outside the guest's memory reads as ones, whose reserved bits fault.
    if (walk.outcome == trace::WalkOutcome::unknown)
      return {Gpa(), arch::page_fault(arch::pf_error::present | arch::pf_error::reserved, address.value)};
    return {Gpa(), walk.fault};
  }
  mmu::set_accessed_and_dirty(memory_, walk, access);
  return {walk.gpa, std::nullopt};
}

std::optional<arch::Fault> GuestLinear::read(const arch::CpuState& state, Gva address, std::span<std::byte> into,
                                             arch::Access access) {
  while (!into.empty()) {
    const u64 bytes = in_page(address, into.size());
    const Piece piece = translate(state, address, access);
    if (piece.fault) return piece.fault;
    if (!memory_.read(piece.gpa, into.first(bytes))) std::fill_n(into.begin(), bytes, std::byte{0xff});
    into = into.subspan(bytes);
    address = address + bytes;
  }
  return std::nullopt;
}

std::optional<arch::Fault> GuestLinear::probe_write(const arch::CpuState& state, Gva address, u64 bytes) {
  while (bytes > 0) {
    const u64 here = in_page(address, bytes);
    const Piece piece = translate(state, address, arch::Access::write);
    if (piece.fault) return piece.fault;
    bytes -= here;
    address = address + here;
  }
  return std::nullopt;
}

std::optional<arch::Fault> GuestLinear::write(const arch::CpuState& state, Gva address,
                                              std::span<const std::byte> from) {
  if (auto fault = probe_write(state, address, from.size())) return fault;
  mmu::GuestMemoryTables tables(memory_);
  const unsigned physical_bits = vmx::modelled_capabilities().physical_address_bits;
  while (!from.empty()) {
    const u64 bytes = in_page(address, from.size());
    const auto walk =
        mmu::derive_walk(tables, mmu::paging_state_of(state), physical_bits, {address, arch::Access::write});
    memory_.write(walk.gpa, from.first(bytes));  // outside memory the write goes nowhere
    from = from.subspan(bytes);
    address = address + bytes;
  }
  return std::nullopt;
}

}  // namespace trapline::soft
