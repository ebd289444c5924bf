// Translated code: finding it, making it, and seeing to it that it never outlives what it was made from.
#include <utility>

#include "technique/full/monitor.h"

namespace trapline::technique {

// On entry `address` may already say where to go on. Afterwards it is where the metal must run; nothing where the guest
// faulted on the fetch.
FullMonitor::Next FullMonitor::find_code(std::optional<u64>& address) {
  if (address) return {};
  const auto came_by = open_exit_;
  open_exit_.reset();
  door_.charge(spec::Cost::find_translation);
  address = cache_->find(guest_.rip);
  if (!address) {
    const auto fetched = emulator_.fetch(guest_, Gva(guest_.rip));
    if (fetched.walk.is_fault()) return reflect(fetched.walk.fault);
    if (fetched.bytes.empty()) return not_implemented("fetches instructions from an address without memory");
    const auto paging = mmu::paging_state_of(guest_);
    const Gpa page = fetched.walk.gpa.page();
    shadow_.watch_tables(paging, full::ShadowSpace::virtual_kernel, Gva(guest_.rip), fetched.walk);
    shadow_.protect(page, full::ShadowProtection::code);
    address = cache_->add(full::translate(guest_.rip, fetched.bytes), page);
  }
  if (!came_by) return {};
  const full::Site* const exit = cache_->site_at(*came_by);
  if (exit && exit->kind == full::SiteKind::exit && exit->rip == guest_.rip) cache_->chain(*came_by, *address);
  return {};
}

// Whether a fetch from the page would still bring the same bytes and change nothing: the mapping is the one that was
// translated from, a supervisor may execute it, and every accessed flag on the way is set.
bool FullMonitor::page_still_holds(u64 page, Gpa was) {
  mmu::GuestMemoryTables tables(memory_);
  const auto paging = mmu::paging_state_of(guest_);
  const auto walk = mmu::derive_walk(tables, paging, emulator_.physical_bits(),
                                     {Gva(page), arch::Access::execute, mmu::Privilege::supervisor});
  if (walk.outcome != trace::WalkOutcome::translated || walk.gpa.page() != was) return false;
  for (const mmu::DerivedWalk::Step& step : walk.path())
    if (!(step.entry & arch::pte::accessed)) return false;
  shadow_.watch_tables(paging, full::ShadowSpace::virtual_kernel, Gva(page), walk);
  return true;
}

void FullMonitor::check_code_pages() {
  const std::map<u64, Gpa> pages = cache_->code_pages();
  for (const auto& [page, gpa] : pages) {
    if (page_still_holds(page, gpa)) continue;
    cache_->invalidate_linear_page(page, trace::InvalidationReason::mapping_changed);
    if (!cache_->has_code_from(gpa)) shadow_.unprotect(gpa, full::ShadowProtection::code);
  }
}

u64 FullMonitor::mode_bits() const {
  constexpr u64 cr0 = arch::cr0::wp | arch::cr0::pg, cr4 = arch::cr4::smep | arch::cr4::smap;
  return (guest_.cr0 & cr0) | (guest_.cr4 & cr4) << 32 | (guest_.efer & arch::efer::nxe) << 16;
}

// After an instruction that may have changed what translations mean.
void FullMonitor::settle_tables() {
  if (!tables_changed_) return;
  tables_changed_ = false;
  const u64 before = std::exchange(mode_bits_, mode_bits());
  if (before != mode_bits_) shadow_.zap_everything(trace::ZapCause::mode_changed);
  check_code_pages();
}

// ---- full::GuestWatcher --------------------------------------------------------------------------------------------
void FullMonitor::memory_written(Gpa address, unsigned size, u64 old_value) {
  if (shadow_.is_protected(address.page(), full::ShadowProtection::code)) {
    cache_->invalidate_bytes(address, size);
    if (!cache_->has_code_from(address.page())) shadow_.unprotect(address.page(), full::ShadowProtection::code);
  }
  if (shadow_.is_protected(address.page(), full::ShadowProtection::page_table)) {
    shadow_.guest_wrote(address, size, old_value);
    tables_changed_ = true;
  }
}

void FullMonitor::page_invalidated(Gva page) {
  shadow_.zap_page(page, trace::ZapCause::invalidated);
  tables_changed_ = true;
}

}  // namespace trapline::technique
