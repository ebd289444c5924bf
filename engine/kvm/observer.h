// What can be known at an exit by computing it from observed state: which instruction made the access, and the walks
// that lead to it and to its memory operands, done by the lab's own walker over the guest's real tables. Provenance:
// derived.
//
// Nothing is written to the guest: accessed and dirty bits stay as the processor (or KVM) left them. The guest's writes
// to its tables are not seen when they happen; before a walk is recorded, what has changed in the tables that it reads
// since they were last looked at is recorded as derived table_write events (the first look as a PAGE keyframe part), so
// every recorded walk can be recomputed from the trace.
//
// Host-physical addresses in walks are this host's, from pagemap. Keyframe parts of memory count guest-physical
// addresses, since frame n of this process's mapping holds page n.
#pragma once

#include <array>
#include <map>

#include "kvm/locator.h"
#include "kvm/pagemap.h"

namespace trapline::kvm {

class Observer : private mmu::GuestTables {
 public:
  Observer(memory::GuestMemory& memory, trace::Bus& bus) : memory_(memory), bus_(bus) {}

  void set_up(unsigned physical_bits, PlainOut plain_out) {
    physical_bits_ = physical_bits;
    plain_out_ = plain_out;
  }

  unsigned physical_bits() const { return physical_bits_; }

  // After every KVM_RUN: what lies between the last exit and this one was not seen.
  void note_gap();
  // For an exit with an access: the instruction that made it, where it can be told.
  std::optional<Located> locate(const metal::VmExit& exit, const arch::CpuState& state) const;
  // The walks of an exit, at the level that records them.
  void record_walks(const metal::VmExit& exit, const arch::CpuState& state, const std::optional<Located>& located);

  // Instruction bytes at RIP; how many could be fetched.
  std::size_t fetch(const arch::CpuState& state, std::span<u8> into) const;
  // Where a guest-physical byte lies in this host, as far as the host tells.
  Hpa host_address(Gpa address) override;

 private:
  using Page = std::array<u64, page_bytes / 8>;

  std::optional<u64> read_entry(Gpa address) override;
  void record_walk(const arch::CpuState& state, u64 linear, arch::Access access);
  void record_operands(const arch::CpuState& state, const Located& located, u64 units);
  void look_at_table(Gpa page);
  void record_change(Gpa entry, u64 before, u64 after);

  memory::GuestMemory& memory_;
  trace::Bus& bus_;
  Pagemap pagemap_;
  unsigned physical_bits_ = 36;
  PlainOut plain_out_ = PlainOut::leaves_rip_at;
  std::map<u64, Page> tables_;  // as last looked at, by guest-physical page number
};

}  // namespace trapline::kvm
