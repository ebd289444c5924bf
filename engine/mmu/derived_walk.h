// A walk of a guest's own tables by someone who is not its processor: on kvm, where the real walks are hidden, and for
// a monitor that must read a guest's memory by linear address. Guest dimension only, nothing is written, nothing
// cached.
#pragma once

#include <array>
#include <span>

#include "memory/guest_memory.h"
#include "mmu/paging_state.h"
#include "mmu/permissions.h"

namespace trapline::mmu {

// How the walk gets at a guest's memory.
class GuestTables {
 public:
  virtual ~GuestTables() = default;
  // The entry at a guest-physical address; nothing where the guest has no memory there.
  virtual std::optional<u64> read_entry(Gpa address) = 0;
  // For the trace: unknown() where the metal cannot know.
  virtual Hpa host_address(Gpa) { return Hpa::unknown(); }
};

// The same over GuestMemory, with its frames as host addresses.
class GuestMemoryTables : public GuestTables {
 public:
  explicit GuestMemoryTables(const memory::GuestMemory& memory) : memory_(memory) {}
  std::optional<u64> read_entry(Gpa address) override { return memory_.load<u64>(address); }
  Hpa host_address(Gpa address) override { return memory_.host_address(address).value_or(Hpa::unknown()); }

 private:
  const memory::GuestMemory& memory_;
};

struct DerivedWalk {
  struct Step {
    u8 level = 0;
    Gpa place;  // of the entry
    u64 entry = 0;
  };

  trace::WalkOutcome outcome = trace::WalkOutcome::unknown;  // never an EPT outcome; unknown: a table lies outside
                                                             // memory, or the paging mode is not modelled
  Gpa gpa = Gpa::unknown();                                  // translated
  Hpa hpa = Hpa::unknown();
  u8 page_level = 0;
  u16 references = 0;  // entries read
  std::array<Step, 4> steps;
  PageRights rights;
  arch::Fault fault;  // page_fault, not_canonical
  u64 walk = 0;       // correlator, from trace_walk

  // The entries read, from the root's down: that of the page last where the walk has translated. None with paging off.
  std::span<const Step> path() const { return {steps.data(), references}; }
  bool is_fault() const { return outcome != trace::WalkOutcome::translated && outcome != trace::WalkOutcome::unknown; }
};

// What a walk needs to know of the access.
struct DerivedAccess {
  Gva address;
  arch::Access access = arch::Access::read;
  Privilege privilege = Privilege::supervisor;
};

// Silent. With paging off the address is its own translation.
DerivedWalk derive_walk(GuestTables& tables, const PagingState& state, unsigned physical_bits, DerivedAccess access);
// The same, emitting walk_begin, walk_ref and walk_end with provenance derived and a correlator of its own. Emits
// nothing with paging off.
DerivedWalk trace_walk(trace::Bus& bus, GuestTables& tables, const PagingState& state, unsigned physical_bits,
                       DerivedAccess access);

// What the processor's own walk would have left in the tables: the accessed flag in every entry on the way, the dirty
// flag in the last one of a write (SDM vol. 3, "Accessed and Dirty Flags"). For a walk that has just translated.
void set_accessed_and_dirty(memory::GuestMemory& memory, const DerivedWalk& walk, arch::Access access);

}  // namespace trapline::mmu
