#include "kvm/guest_view.h"

#include <algorithm>

namespace trapline::kvm {

std::optional<Gpa> GuestView::translate(u64 linear, arch::Access access) const {
  mmu::GuestMemoryTables tables(memory_);
  const auto walk = mmu::derive_walk(tables, mmu::paging_state_of(state_), physical_bits_,
                                     {Gva(linear), access, mmu::privilege_of(state_)});
  if (walk.outcome != trace::WalkOutcome::translated) return std::nullopt;
  return walk.gpa;
}

std::size_t GuestView::fetch(u64 linear, std::span<u8> into) const {
  std::size_t count = 0;
  while (count < into.size()) {
    const auto place = translate(linear + count, arch::Access::execute);
    if (!place) break;
    const auto part = into.subspan(count, std::min<u64>(page_bytes - place->page_offset(), into.size() - count));
    if (!memory_.read(*place, std::as_writable_bytes(part))) break;
    count += part.size();
  }
  return count;
}

}  // namespace trapline::kvm
