// Shadow page tables: linear to physical in one step, in tables of the monitor's that the real processor walks while
// the guest believes in its own.
//
// Each guest CR3 has two roots, because CPL 3 cannot tell a deprivileged kernel from its programs: `virtual_kernel`
// holds what the guest's tables allow a supervisor, `virtual_user` what they allow a user. So the roots also stand in
// for CR0.WP, CR4.SMEP and the U/S flag. Shadow pages are always of 4 KiB and always CPL 3's.
//
//   filled    on the fault of the first access; the guest's accessed flag is set then
//   dirty     a page whose guest entry is clean is mapped read-only, so that the first write faults and sets the flag
//   protected guest pages that hold paging structures in use, or code that has been translated, are never mapped
//             writable: a write traps, the emulator carries it out, and the entries that it changes are zapped
//   zapped    leaves only; tables are given back when frames run out, and then all at once
//
// So no shadow entry ever allows what the guest's tables, as they stand, do not: `for_each_leaf` lets a test prove it.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "memory/guest_memory.h"
#include "metal/deprivileged.h"
#include "mmu/derived_walk.h"

namespace trapline::technique::full {

using trace::ShadowProtection;
using trace::ShadowSpace;

struct ShadowLeaf {
  u64 guest_root = 0;
  ShadowSpace space{};
  Gva gva;
  Gpa gpa;
  u64 entry = 0;  // as the processor sees it
};

class Shadow {
 public:
  Shadow(memory::GuestMemory& memory, metal::Deprivileged& door, trace::Bus& bus, unsigned physical_bits);

  // An entry of the PML4 that every root holds (the metal's hidden range), or every virtual-kernel root (the window of
  // the code cache). Roots that exist get it too.
  enum class In : u8 { every_root, kernel_roots };
  void set_fixed_entry(unsigned pml4_slot, u64 entry, In where);

  // The root for a guest state; makes it where it is new.
  metal::PageRoot root_for(const mmu::PagingState& paging, ShadowSpace space);

  enum class Answer : u8 {
    filled,          // a hidden fault: run on
    true_fault,      // the guest's own: `fault` is what it must see
    protected_page,  // a write to a page that must be emulated
    no_memory,       // the tables lead to where the guest has none
    outside,         // a paging structure lies outside memory: not implemented
  };
  Answer on_fault(const mmu::PagingState& paging, ShadowSpace space, Gva address, arch::Access access,
                  arch::Fault& fault);

  // Somebody keeps what he read through the guest's tables: changes of them on the way to this page trap from now on.
  void watch_tables(const mmu::PagingState& paging, ShadowSpace space, Gva address, const mmu::DerivedWalk& walk);

  // From now on writes to the guest page trap, or no longer do.
  void protect(Gpa page, ShadowProtection as);
  void unprotect(Gpa page, ShadowProtection as);
  bool is_protected(Gpa page, ShadowProtection as) const;

  // Bytes of a guest page have changed under the monitor's eyes.
  void guest_wrote(Gpa address, unsigned size, u64 old_value);
  void zap_page(Gva page, trace::ZapCause cause);  // in every root
  void zap_everything(trace::ZapCause cause);

  void for_each_leaf(const std::function<void(const ShadowLeaf&)>& visit) const;

 private:
  struct Leaf {
    Gpa gpa;
    Hpa entry;  // where it stands
  };
  struct Root {
    u64 guest_root;
    ShadowSpace space;
    Hpa table;
    std::map<u64, Leaf> leaves;  // by linear page
    std::vector<Hpa> tables;     // below the root
  };
  struct FixedEntry {
    unsigned slot;
    u64 entry;
    In where;
  };
  // A guest page in use as a paging structure: of which root, at which level, for which linear range.
  struct Use {
    std::size_t root;
    u8 level;
    u64 base;
    friend auto operator<=>(const Use&, const Use&) = default;
  };

  std::size_t find_or_make(u64 guest_root, ShadowSpace space);
  std::optional<Hpa> take_frame(std::size_t root);
  std::optional<Hpa> leaf_place(std::size_t root, Gva page);
  void fill(std::size_t root, const mmu::PagingState& paging, Gva address, const mmu::DerivedWalk& walk);
  void note_uses(std::size_t root, Gva address, const mmu::DerivedWalk& walk);
  void write_entry(Hpa place, u64 value);
  u32 zap_range(std::size_t root, u64 first, u64 bytes);
  void zap_leaf(Root& root, std::map<u64, Leaf>::iterator leaf);
  void forget_uses(std::size_t root, u64 first, u64 bytes, unsigned below_level);
  void sync_entry(Gpa entry, u64 old_value, u64 value);

  memory::GuestMemory& memory_;
  metal::Deprivileged& door_;
  trace::Bus& bus_;
  unsigned physical_bits_;
  std::vector<Root> roots_;
  std::vector<FixedEntry> fixed_;
  std::map<u64, std::set<Use>> uses_;                                    // by guest page
  std::map<u64, std::set<std::pair<std::size_t, u64>>> leaves_of_page_;  // guest page: (root, linear page)
  std::map<u64, u8> protected_;                                          // guest page: bits by ShadowProtection
};

}  // namespace trapline::technique::full
