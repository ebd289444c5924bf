// A set-associative, tagged translation cache (SDM vol. 3, "Translation Lookaside Buffers (TLBs)" and "VMX Support for
// Address Translation"). One class, two uses: linear and combined mappings, and guest-physical mappings.
//
// Replacement is round robin within a set and hits do not change it. So a client may serve any number of hits from a
// cache of its own without the model losing state: what is evicted next depends on misses alone, whatever the recording
// level. A set prefers its first free way.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/address.h"
#include "mmu/permissions.h"

namespace trapline::mmu {

// The context that a cached mapping belongs to. `ept` is EPTP bits 51:12 with bit 0 set, or 0 for linear mappings.
struct Tag {
  u64 ept = 0;
  u16 vpid = 0;
  u16 pcid = 0;

  constexpr u64 ept_pointer() const { return ept & ~1ULL; }
  friend bool operator==(const Tag&, const Tag&) = default;
};

struct TlbEntry {
  u64 page = 0;  // first linear (or guest-physical) address
  u64 gpa = 0;   // first guest-physical address
  u64 hpa = 0;   // first host-physical address
  u64 leaf = 0;  // guest-physical mappings: the EPT entry that maps the page
  Tag tag;
  PageRights rights;
  u8 ept_rights = 7;   // bits as in EPT entries; all without EPT
  u8 level = 1;        // 1: 4 KiB, 2: 2 MiB, 3: 1 GiB
  u8 guest_level = 1;  // of the guest's page, of which this may be a part: to invalidate one part is to invalidate all
  bool valid = false;
  bool global = false;  // good for every PCID, survives MOV to CR3
  bool dirty = false;   // every dirty flag on the way is known set
  friend bool operator==(const TlbEntry&, const TlbEntry&) = default;
};

// Which mappings an invalidation means. What is not given does not restrict.
struct Selection {
  enum class Globals : u8 { spared, like_others, of_every_pcid };
  enum class Contexts : u8 { any, vpid_not_zero, with_ept };

  std::optional<u16> vpid;
  std::optional<u16> pcid;
  std::optional<u64> ept;  // as in Tag
  std::optional<u64> address;
  Globals globals = Globals::like_others;
  Contexts contexts = Contexts::any;

  bool has(const Tag& tag) const;  // the context alone
  bool has(const TlbEntry& entry) const;
};

class Tlb {
 public:
  struct Place {
    u16 set = 0;
    u16 way = 0;
  };
  // Called for each entry that leaves, while it still stands there.
  using Leaving = std::function<void(const TlbEntry&, Place)>;

  // Both at least 1, and at most 4096 together.
  Tlb(unsigned sets, unsigned ways);

  // The entry that translates an address in this context, or null. Smaller pages are found first.
  const TlbEntry* find(const Tag& tag, u64 address) const;
  Place place_of(const TlbEntry& entry) const;

  // Puts an entry in, in the place of one for the same page and context, else a free way, else the next in turn.
  Place fill(const TlbEntry& entry, const Leaving& leaving);
  void remove(Place place);
  void clear();
  // Returns how many left.
  u32 drop(const Selection& selection, const Leaving& leaving);

  unsigned sets() const { return sets_; }
  unsigned ways() const { return ways_; }
  const TlbEntry& at(Place place) const { return entries_[place.set * ways_ + place.way]; }

  void save(std::vector<std::byte>& into) const;
  bool restore(std::span<const std::byte>& from);

 private:
  u64 first_of_set(u64 address, unsigned level) const { return (address >> page_shift(level)) % sets_ * ways_; }
  unsigned way_for(const TlbEntry& entry) const;
  void put_away(TlbEntry& entry);

  unsigned sets_;
  unsigned ways_;
  std::vector<TlbEntry> entries_;
  std::vector<u16> next_way_;            // by set
  std::array<u32, 4> count_of_level_{};  // so that page sizes that nobody uses cost no lookup
};

}  // namespace trapline::mmu
