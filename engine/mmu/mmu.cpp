// Lookup before walk, and what the TLB says on the trace.
#include "mmu/mmu.h"

#include "mmu/walk.h"

namespace trapline::mmu {

namespace {

// Sizes of the caches beside the TLB; no manual gives them, and few lessons turn on them.
constexpr unsigned pml4es = 4, pdptes = 4, pdes = 32, guest_physical_sets = 8, guest_physical_ways = 4;

StructureCache structure_cache(const MmuOptions& options) {
  return options.paging_structure_caches ? StructureCache(pml4es, pdptes, pdes) : StructureCache(0, 0, 0);
}

}  // namespace

Mmu::Mmu(memory::HostMemory& memory, trace::Bus& bus, const MmuOptions& options, const MmuCosts& costs, u64& cycles)
    : memory_(memory),
      bus_(bus),
      options_(options),
      costs_(costs),
      cycles_(cycles),
      guest_formats_{guest_format(options.physical_address_bits, false),
                     guest_format(options.physical_address_bits, true)},
      ept_format_(ept_format(options.physical_address_bits)),
      tlb_(options.tlb_sets, options.tlb_ways),
      guest_physical_(guest_physical_sets, guest_physical_ways),
      linear_structures_(structure_cache(options)),
      ept_structures_(structure_cache(options)) {}

Tag Mmu::tag() const {
  const u64 ept = state_.ept_pointer ? (*state_.ept_pointer & ept::pointer_address) | 1 : 0;
  return {ept, state_.vpid, state_.pcid()};
}

Translation Mmu::translate(Gva address, arch::Access access, Privilege privilege) {
  if (!state_.paging()) return translate_without_paging(address, access, privilege);
  if (!state_.four_level()) return {.outcome = Outcome::unsupported_paging};
  if (!is_canonical(address.value)) return {.outcome = Outcome::fault, .fault = arch::fault(arch::vector::gp, 0)};
  const TlbEntry* entry = tlb_.find(tag(), address.value);
  if (!entry) return walk(address, access, privilege);
  const Tlb::Place place = tlb_.place_of(*entry);
  if (!suffices(*entry, access, privilege)) {
    leave_tlb(*entry, place);
    tlb_.remove(place);
    return walk(address, access, privilege);
  }
  if (bus_.records(trace::Level::memory))
    bus_.emit(trace::TlbHit{address.value, entry->hpa + (address.value - entry->page), static_cast<u8>(access),
                            place.set, place.way});
  return answer(*entry, address, privilege);
}

// CR0.PG = 0: a linear address is a physical one. Under EPT it is guest-physical, and only guest-physical mappings are
// used, which no cache in front may keep.
Translation Mmu::translate_without_paging(Gva address, arch::Access access, Privilege privilege) {
  if (state_.ept_pointer) return walk(address, access, privilege);
  TlbEntry all;
  all.page = page_of(address.value, 3);
  all.gpa = all.hpa = all.page;
  all.level = 3;
  all.rights = {true, true, false};
  all.dirty = true;
  Translation result = answer(all, address, privilege);
  result.may_read = result.may_write = result.may_execute = true;
  result.thanks_to_ac = false;
  return result;
}

bool Mmu::suffices(const TlbEntry& entry, arch::Access access, Privilege privilege) const {
  const bool write = access == arch::Access::write;
  const u8 right = write ? ept::write : access == arch::Access::execute ? ept::execute : ept::read;
  if (!(entry.ept_rights & right) || (write && !entry.dirty)) return false;
  return permits(state_, entry.rights, access, privilege);
}

Translation Mmu::answer(const TlbEntry& entry, Gva address, Privilege privilege) const {
  Translation result;
  const u64 offset = address.value - entry.page;
  result.hpa = Hpa(entry.hpa + offset);
  result.gpa = entry.gpa == unknown_address ? Gpa::unknown() : Gpa(entry.gpa + offset);
  if (memory_.contains(result.hpa.page(), page_bytes)) result.host_page = memory_.host_page(result.hpa);
  result.page_level = entry.level;
  result.held = true;
  result.may_read = suffices(entry, arch::Access::read, privilege);
  result.may_write = suffices(entry, arch::Access::write, privilege);
  result.may_execute = suffices(entry, arch::Access::execute, privilege);
  result.thanks_to_ac = privilege == Privilege::supervisor && entry.rights.user && state_.alignment_check &&
                        (state_.cr4 & arch::cr4::smap);
  return result;
}

// Everything from the miss to the fill carries the walk's own correlator.
Translation Mmu::walk(Gva address, arch::Access access, Privilege privilege) {
  const u64 parent = bus_.stamp().cause;
  bus_.stamp().cause = bus_.new_cause();
  if (state_.paging()) bus_.emit(trace::TlbMiss{address.value, static_cast<u8>(access), state_.vpid, state_.pcid()});
  Walk walk(*this, address, access, privilege);
  Translation result;
  switch (const Outcome outcome = walk.run(parent)) {
    case Outcome::translated:
      if (state_.paging()) enter_tlb(walk.entry());
      result = answer(walk.entry(), address, privilege);
      result.held = state_.paging();
      break;
    case Outcome::fault:
      drop_after_page_fault(address);
      result = {.outcome = outcome, .fault = walk.fault()};
      break;
    case Outcome::ept_violation:
      drop_after_ept_violation(address, walk.exit().gpa);
      [[fallthrough]];
    default:
      result = {.outcome = outcome, .exit = walk.exit()};
  }
  bus_.stamp().cause = parent;
  return result;
}

void Mmu::enter_tlb(const TlbEntry& entry) {
  const Tlb::Place place = tlb_.fill(entry, [this](const TlbEntry& old, Tlb::Place where) { leave_tlb(old, where); });
  if (!bus_.records(trace::Level::mmu)) return;
  trace::TlbFill event;
  event.gva = entry.page;
  event.gpa = entry.gpa;
  event.hpa = entry.hpa;
  event.page_level = entry.level;
  event.guest_page_level = entry.guest_level;
  event.writable = entry.rights.writable && (entry.ept_rights & ept::write) && entry.dirty;
  event.user = entry.rights.user;
  event.executable = !entry.rights.no_execute && (entry.ept_rights & ept::execute);
  event.global = entry.global;
  event.dirty = entry.dirty;
  event.vpid = entry.tag.vpid;
  event.pcid = entry.tag.pcid;
  event.ept_pointer = entry.tag.ept_pointer();
  event.set = place.set;
  event.way = place.way;
  bus_.emit(event);
}

void Mmu::leave_tlb(const TlbEntry& entry, Tlb::Place place) {
  bus_.emit(trace::TlbEvict{entry.page, entry.tag.vpid, entry.tag.pcid, place.set, place.way});
  told_evicted(entry);
}

void Mmu::told_evicted(const TlbEntry& entry) {
  if (evicted_) evicted_(Gva(entry.page), page_size(entry.level));
}

void Mmu::mark_table(Hpa entry, u8 mark) {
  if ((memory_.marks(entry.page_number()) & mark) == mark) return;
  if (memory_.marks(entry.page_number()) == 0) ++generation_;
  memory_.add_mark(entry.page_number(), mark);
}

}  // namespace trapline::mmu
