// A driver for tests of invalidation, and a second model: which values every table entry has held, and since when a
// context may not remember older ones. The driver writes tables at random, switches contexts and invalidates. Whatever
// the Mmu then serves must follow from values that the manual still lets a processor remember; faults must follow from
// memory as it is.
#pragma once

#include <map>
#include <set>

#include "mmu/world.h"

namespace trapline::tests {

using arch::Access;
using mmu::Outcome;
using mmu::Privilege;

inline constexpr u64 pages[] = {0x40000000, 0x40001000, 0x40200000, 0x40203000};
inline constexpr unsigned page_count = 4, vpid_count = 3, pcid_count = 2, ept_count = 2;
inline constexpr u64 address_bits = 0x000ffffffffff000;

struct Context {
  unsigned vpid = 0, pcid = 0, ept = 0;
};

// What an entry has held, and from when on. Accessed and dirty flags do not count.
class History {
 public:
  void write(u64 place, u64 now, u64 value) { log_[place].push_back({now, value & ~(A | D)}); }
  std::set<u64> since(u64 place, u64 time) const {
    std::set<u64> values;
    u64 before = 0;
    const auto found = log_.find(place);
    if (found == log_.end()) return {0};
    for (const auto& [when, value] : found->second) {
      if (when > time)
        values.insert(value);
      else
        before = value;
    }
    values.insert(before);
    return values;
  }

 private:
  struct Write {
    u64 when, value;
  };
  std::map<u64, std::vector<Write>> log_;
};

struct Answer {
  u64 gpa, hpa;
};

class InvalidationDriver {
 public:
  InvalidationDriver(Dimensions dimensions, mmu::MmuOptions options, u64 seed)
      : world(dimensions, options, trace::Level::mmu), two(dimensions == Dimensions::two), random_(seed) {
    world.mmu.state().cr4 |= arch::cr4::pcide | arch::cr4::pge;
    for (unsigned pcid = 0; pcid < pcid_count; ++pcid) make_tables(pcid);
    if (two) make_second_ept();
    switch_to({});
  }

  void step() {
    ++now_;
    const u64 kind = next(100);
    if (kind < 25) return write_guest_entry();
    if (kind < 32 && two) return write_ept_entry();
    if (kind < 42)
      return switch_to({static_cast<unsigned>(next(vpid_count)), static_cast<unsigned>(next(pcid_count)),
                        static_cast<unsigned>(two ? next(ept_count) : 0)});
    if (kind < 52) return invalidate();
    access();
  }

  unsigned served = 0, stale = 0, faults = 0, wrong = 0;

 private:
  u64 next(u64 bound) {
    random_ = random_ * 6364136223846793005 + 1442695040888963407;
    return (random_ >> 33) % bound;
  }

  // ---- tables -------------------------------------------------------------------------------------------------------
  // One PML4, PDPT and PD for each PCID; for each of its two directory entries two page tables to choose from.
  void make_tables(unsigned pcid) {
    u64& frame = world.next_guest_table;
    root[pcid] = frame++ * page_bytes;
    const u64 pdpt = frame++ * page_bytes;
    directory[pcid] = frame++ * page_bytes;
    store(root[pcid], pdpt | P | RW | US);
    store(pdpt + 8, directory[pcid] | P | RW | US);
    for (auto& half : page_table[pcid])
      for (u64& table : half) table = frame++ * page_bytes;
    for (unsigned half = 0; half < 2; ++half) store(pde(pcid, half), page_table[pcid][half][0] | P | RW | US);
  }
  void make_second_ept() {
    second_root = world.next_monitor_frame++ * page_bytes;
    const u64 pdpt = world.next_monitor_frame++ * page_bytes, pd = world.next_monitor_frame++ * page_bytes;
    second_table = world.next_monitor_frame++ * page_bytes;
    world.host.write(Hpa(second_root), 8, pdpt | 7, trace::Writer::monitor);
    world.host.write(Hpa(pdpt), 8, pd | 7, trace::Writer::monitor);
    world.host.write(Hpa(pd), 8, second_table | 7, trace::Writer::monitor);
    first_table = world.ept.place(0, 1, 7);
    for (u64 page = 0; page < World::guest_pages; ++page) {
      const u64 entry = world.host.read(Hpa(first_table + page * 8), 8);
      world.host.write(Hpa(second_table + page * 8), 8, entry, trace::Writer::monitor);
      history.write(first_table + page * 8, now_, entry);
      history.write(second_table + page * 8, now_, entry);
    }
  }
  u64 pde(unsigned pcid, unsigned half) const { return directory[pcid] + half * 8; }
  u64 ept_place(unsigned ept, u64 gpa) const { return (ept ? second_table : first_table) + gpa / page_bytes * 8; }
  void store(u64 gpa, u64 value) {
    world.host.write(world.to_host(gpa), 8, value, trace::Writer::guest);
    history.write(world.to_host(gpa).value, now_, value);
  }
  u64 rights() { return (next(8) ? P : 0) | (next(3) ? RW : 0) | (next(4) ? US : 0) | (next(4) ? 0 : G); }
  void write_guest_entry() {
    const unsigned pcid = static_cast<unsigned>(next(pcid_count)), half = static_cast<unsigned>(next(2));
    if (next(4) == 0) {
      const u64 target = next(4) == 0 ? PS : page_table[pcid][half][next(2)];  // a large page lies at 0
      return store(pde(pcid, half), target | rights());
    }
    const u64 table = page_table[pcid][half][next(2)];
    const u64 page = pages[half * 2 + next(2)];
    store(table + Tables::index(page, 1) * 8, (200 + next(24)) * page_bytes | rights());
  }
  void write_ept_entry() {  // of data pages only: the guest's tables stay where they are
    const u64 gpa = next(5) == 0 ? pages[next(page_count)] & 0x1fffff : (200 + next(24)) * page_bytes;
    const u64 place = ept_place(static_cast<unsigned>(next(ept_count)), gpa);
    const u64 frame = world.guest.host_address(Gpa((300 + next(40)) * page_bytes))->value;
    const u64 value = next(8) ? frame | (next(3) ? 7 : 5) | 6 << 3 : 0;
    world.host.write(Hpa(place), 8, value, trace::Writer::monitor);
    history.write(place, now_, value);
  }

  // ---- contexts and invalidations, told to the Mmu and to the model
  // ---------------------------------------------------
  void switch_to(Context to) {
    context = to;
    auto& state = world.mmu.state();
    state.vpid = static_cast<u16>(to.vpid);
    if (two) state.ept_pointer = (to.ept ? second_root : world.ept.root()) | 3 << 3 | 6;
    state.cr3 = root[to.pcid] | to.pcid;
    world.mmu.vm_entry(mmu::VpidControl::enabled);
    world.mmu.cr3_written(mmu::Cr3Write::keeps);
  }
  template <typename Which>
  void forget(Which which, bool translations, bool structures, bool globals) {
    for (unsigned vpid = 0; vpid < vpid_count; ++vpid)
      for (unsigned pcid = 0; pcid < pcid_count; ++pcid)
        for (unsigned ept = 0; ept < ept_count; ++ept)
          for (unsigned page = 0; page < page_count; ++page) {
            if (!which(vpid, pcid, ept, page)) continue;
            if (translations) since_tlb[vpid][pcid][ept][page] = now_;
            if (structures) since_structures[vpid][pcid][ept][page] = now_;
            if (globals) since_global[vpid][ept][page] = now_;
          }
  }
  void invalidate() {
    const u64 kind = next(16);
    if (kind < 9)
      invalidate_here(kind);
    else
      invalidate_anywhere(kind);
  }

  // What reaches no further than the current VPID.
  void invalidate_here(u64 kind) {
    const unsigned page = static_cast<unsigned>(next(page_count)), pcid = static_cast<unsigned>(next(pcid_count));
    const unsigned here = context.vpid, now_pcid = context.pcid;
    auto& unit = world.mmu;
    const Gva address(pages[page] + next(page_bytes));
    using V = unsigned;
    switch (kind) {
      case 0:
      case 1:
      case 2:
        unit.invlpg(address);
        forget([&](V v, V p, V, V at) { return v == here && p == now_pcid && at == page; }, true, true, true);
        return forget([&](V v, V p, V, V) { return v == here && p == now_pcid; }, false, true, false);
      case 3:
        unit.invpcid(mmu::InvpcidType::address, static_cast<u16>(pcid), address);
        return forget([&](V v, V p, V, V at) { return v == here && p == pcid && at == page; }, true, true, false);
      case 4:
        unit.invpcid(mmu::InvpcidType::one_pcid, static_cast<u16>(pcid), Gva(0));
        return forget([&](V v, V p, V, V) { return v == here && p == pcid; }, true, true, false);
      case 5:
        unit.invpcid(mmu::InvpcidType::all, 0, Gva(0));
        return forget([&](V v, V, V, V) { return v == here; }, true, true, true);
      case 6:
        unit.invpcid(mmu::InvpcidType::all_but_global, 0, Gva(0));
        return forget([&](V v, V, V, V) { return v == here; }, true, true, false);
      case 7:
        unit.cr3_written(mmu::Cr3Write::invalidates);
        return forget([&](V v, V p, V, V) { return v == here && p == now_pcid; }, true, true, false);
      case 8: {
        const u64 old = unit.state().cr4;
        unit.state().cr4 &= ~arch::cr4::pge;
        unit.cr4_written(old);
        unit.state().cr4 = old;
        unit.cr4_written(old & ~arch::cr4::pge);
        return forget([&](V v, V, V, V) { return v == here; }, true, true, true);
      }
    }
  }

  // VMX: other VPIDs, other EPTs, entries and exits without VPID.
  void invalidate_anywhere(u64 kind) {
    const unsigned page = static_cast<unsigned>(next(page_count)), vpid = static_cast<unsigned>(next(vpid_count));
    const unsigned ept = static_cast<unsigned>(next(ept_count));
    auto& unit = world.mmu;
    const Gva address(pages[page] + next(page_bytes));
    using V = unsigned;
    switch (kind) {
      case 9:
        unit.invvpid(mmu::InvvpidType::address, static_cast<u16>(vpid), address);
        return forget([&](V v, V, V, V at) { return v == vpid && at == page; }, true, true, true);
      case 10:
        unit.invvpid(mmu::InvvpidType::one_vpid, static_cast<u16>(vpid), Gva(0));
        return forget([&](V v, V, V, V) { return v == vpid; }, true, true, true);
      case 11:
        unit.invvpid(mmu::InvvpidType::all_vpids, 0, Gva(0));
        return forget([&](V v, V, V, V) { return v != 0; }, true, true, true);
      case 12:
        unit.invvpid(mmu::InvvpidType::one_vpid_but_global, static_cast<u16>(vpid), Gva(0));
        return forget([&](V v, V, V, V) { return v == vpid; }, true, true, false);
      case 13:
        if (!two) return;
        unit.invept(mmu::InveptType::one_ept, ept ? second_root : world.ept.root());
        since_ept[ept] = now_;
        return forget([&](V, V, V e, V) { return e == ept; }, true, true, true);
      case 14:
        if (!two) return;
        unit.invept(mmu::InveptType::all_ept, 0);
        since_ept[0] = since_ept[1] = now_;
        return forget([&](V, V, V, V) { return true; }, true, true, true);
      case 15:
        if (next(2)) {
          unit.vm_entry(mmu::VpidControl::disabled);
        } else {
          unit.vm_exit(mmu::VpidControl::disabled);
        }
        return forget([&](V v, V, V, V) { return v == 0; }, true, true, true);
    }
  }

  // ---- what may be served
  // --------------------------------------------------------------------------------------------- All answers from this
  // PCID's tables, with directory entries held since `upper` and page-table entries since `leaf`.
  template <typename Visit>
  void each_translation(unsigned pcid, unsigned page, u64 upper, u64 leaf, Visit visit) const {
    const unsigned half = page / 2;
    for (const u64 directory_entry : history.since(world.to_host(pde(pcid, half)).value, upper)) {
      if (!(directory_entry & P)) continue;
      if (directory_entry & PS) {
        visit((directory_entry & address_bits & ~0x1fffffULL) | (pages[page] & 0x1fffff), directory_entry,
              directory_entry);
        continue;
      }
      const u64 place = (directory_entry & address_bits) + Tables::index(pages[page], 1) * 8;
      for (const u64 entry : history.since(world.to_host(place).value, leaf))
        if (entry & P) visit(entry & address_bits, directory_entry & entry, entry);
    }
  }
  bool lets(u64 together, Access access, Privilege who) const {
    if (who == Privilege::user && !(together & US)) return false;
    return access == Access::read || (together & RW);  // CR0.WP is set
  }
  bool may_serve(const Answer& answer, unsigned page, Access access, Privilege who, bool walked) const {
    const Context& at = context;
    bool fine = false;
    const auto judge = [&](u64 gpa, u64 together) {
      if (gpa != (answer.gpa & ~(page_bytes - 1)) || !lets(together, access, who)) return;
      if (!two) fine = fine || gpa == (answer.hpa & ~(page_bytes - 1));
      if (!two) return;
      const u64 needed = access == Access::write ? 3 : 1;
      for (const u64 entry : history.since(ept_place(at.ept, gpa), since_ept[at.ept]))
        fine = fine || ((entry & needed) == needed && (entry & address_bits) == (answer.hpa & ~(page_bytes - 1)));
    };
    const u64 tlb = since_tlb[at.vpid][at.pcid][at.ept][page];
    const u64 structures = since_structures[at.vpid][at.pcid][at.ept][page];
    // A walk reads the page table's entry from memory; a large page's entry too.
    each_translation(
        at.pcid, page, walked ? structures : tlb, walked ? now_ : tlb, [&](u64 gpa, u64 together, u64 entry) {
          const bool large_and_old =
              walked && (entry & PS) && entry != (world.host.read(world.to_host(pde(at.pcid, page / 2)), 8) & ~(A | D));
          if (!large_and_old) judge(gpa, together);
        });
    if (walked) return fine;
    const u64 global = since_global[at.vpid][at.ept][page];
    for (unsigned pcid = 0; pcid < pcid_count; ++pcid)
      each_translation(pcid, page, global, global, [&](u64 gpa, u64 together, u64 leaf) {
        if (leaf & G) judge(gpa, together);
      });
    return fine;
  }

  // What memory says at this moment: translated, or not and why.
  bool memory_refuses(unsigned page, Access access, Privilege who, const mmu::Translation& found) const {
    bool allowed = false, present = false;
    u64 gpa = 0;
    each_translation(context.pcid, page, now_, now_, [&](u64 at, u64 together, u64) {
      present = true;
      allowed = lets(together, access, who);
      gpa = at;
    });
    if (found.outcome == Outcome::fault)
      return !allowed && ((found.fault.error_code & 1) != 0) == present && found.fault.vector == arch::vector::pf;
    if (found.outcome != Outcome::ept_violation || !allowed) return false;
    const u64 needed = access == Access::write ? 2 : 1;
    const u64 granted = world.host.read(Hpa(ept_place(context.ept, gpa)), 8) & 7;
    return !(granted & needed) && (found.exit.gpa.value & ~(page_bytes - 1)) == gpa;
  }

  void access() {
    const unsigned page = static_cast<unsigned>(next(page_count));
    const Access kind = next(3) ? Access::read : Access::write;
    const Privilege who = next(2) ? Privilege::user : Privilege::supervisor;
    world.recording.forget();
    const auto found = world.mmu.translate(Gva(pages[page] + 0x18), kind, who);
    const bool walked = !world.recording.all<trace::WalkEnd>().empty();
    if (found.outcome != Outcome::translated) {
      ++faults;
      wrong += !memory_refuses(page, kind, who, found);
      return;
    }
    ++served;
    const Answer answer{found.gpa.value, found.hpa.value};
    wrong += !may_serve(answer, page, kind, who, walked);
    bool current = false;
    each_translation(context.pcid, page, now_, now_, [&](u64 gpa, u64 together, u64) {
      current = lets(together, kind, who) && gpa == (answer.gpa & ~(page_bytes - 1));
    });
    stale += !current;
  }

  World world;
  bool two;
  u64 random_;
  u64 now_ = 0;
  Context context;
  History history;
  u64 root[pcid_count] = {}, directory[pcid_count] = {}, page_table[pcid_count][2][2] = {};
  u64 second_root = 0, first_table = 0, second_table = 0;
  u64 since_tlb[vpid_count][pcid_count][ept_count][page_count] = {};
  u64 since_structures[vpid_count][pcid_count][ept_count][page_count] = {};
  u64 since_global[vpid_count][ept_count][page_count] = {};
  u64 since_ept[ept_count] = {};
};

}  // namespace trapline::tests
