// One walk of the Mmu's, in one dimension or two: linear to guest-physical through the guest's tables, and every
// guest-physical address on the way, the last included, to host-physical through EPT (SDM vol. 3, "EPT and Guest-
// Physical Addresses"). Lives on the stack of Mmu::walk and says everything it does on the trace.
#pragma once

#include "mmu/mmu.h"

namespace trapline::mmu {

class Walk {
 public:
  Walk(Mmu& mmu, Gva address, arch::Access access, Privilege privilege);

  // Runs it to its end, as part of what `parent` correlates. On success `entry()` is what the TLB may hold, and the
  // caches have been filled.
  Outcome run(u64 parent);

  const TlbEntry& entry() const { return entry_; }
  const arch::Fault& fault() const { return fault_; }
  const EptExit& exit() const { return exit_; }

 private:
  // What EPT says of one guest-physical page.
  struct Physical {
    Hpa hpa;  // of the byte asked for
    u8 level = 3;
    u8 rights = 7;
    bool dirty = true;
  };
  // Why EPT is asked.
  struct Need {
    u8 rights;      // bits as in EPT entries; also what the exit qualification says of the access
    u8 for_level;   // the guest level whose entry is being located; 0 for the page itself
    bool is_final;  // the address is the translation of the linear address
    bool dirties;   // the access counts as a write
  };
  // The guest's entries, for the walker.
  class GuestReader;
  class EptReader;

  Tag linear_tag() const { return mmu_.tag(); }
  Tag ept_tag() const { return {mmu_.tag().ept, 0, 0}; }

  void walk_linear();
  bool attempt(const WalkStart& start, const CachedStructure* cached);
  bool judge(const TableWalk& guest);
  bool set_flags(const TableWalk& guest);
  bool set_flag_in(const TableWalk& guest, unsigned level, u64 flags);
  bool finish(const TableWalk& guest);
  bool finish_without_tables();
  void name_page_by_owner();
  Gpa owned_address(Hpa hpa) const;
  void page_fault(FaultReason reason);

  bool to_host(Gpa address, Need need, Physical& out);
  bool from_cache(Gpa address, Need need, Physical& out);
  bool walk_ept(const WalkStart& start, Gpa address, Need need, Physical& out);
  void set_ept_flags(const TableWalk& walk, unsigned first_level, bool dirty);
  void remember_ept(const TableWalk& walk, unsigned first_level, Gpa address, const Physical& page);
  bool ept_misconfiguration(Gpa address);
  bool ept_violation(Gpa address, Need need, u64 granted);

  u64 load_entry(Hpa entry, u8 mark);
  void or_into_entry(Hpa entry, u64 flags);
  void emit_begin(u64 parent) const;
  void emit_end() const;
  void emit_guest_reference(unsigned level, trace::Source source, Gpa gpa, Hpa hpa, u64 entry) const;
  void emit_ept_reference(unsigned level, trace::Source source, Need need, Hpa hpa, u64 entry) const;

  void forget_what_was_read();
  void fill_caches();

  Mmu& mmu_;
  const PagingState& state_;
  Gva address_;
  arch::Access access_;
  Privilege privilege_;

  u16 references_ = 0;
  Outcome outcome_ = Outcome::translated;
  TlbEntry entry_;
  arch::Fault fault_;
  EptExit exit_;
  u8 guest_level_ = 0;  // of the guest's page
  Gpa gpa_ = Gpa::unknown();
  Hpa hpa_ = Hpa::unknown();
  std::array<Hpa, 5> entry_hpas_;     // of the guest's entries, by level
  std::array<u8, 5> table_rights_{};  // what EPT grants to their pages

  // What the caches get once the walk has succeeded. At most five guest-physical pages, with three structures each, and
  // the update of a flag may ask for four of them once more.
  struct Structure {
    unsigned level;
    CachedStructure structure;
  };
  template <typename Item, unsigned capacity>
  struct Few {
    std::array<Item, capacity> items;
    unsigned count = 0;
    void add(const Item& item) {
      if (count < capacity) items[count++] = item;
    }
  };
  Few<Structure, 3> linear_structures_;
  Few<Structure, 27> ept_structures_;
  Few<TlbEntry, 9> guest_physical_;
};

}  // namespace trapline::mmu
