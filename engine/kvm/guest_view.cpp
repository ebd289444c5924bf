#include "kvm/guest_view.h"

#include <algorithm>

namespace trapline::kvm {

mmu::PagingState paging_of(const arch::CpuState& state) {
  mmu::PagingState paging;
  paging.cr0 = state.cr0;
  paging.cr3 = state.cr3;
  paging.cr4 = state.cr4;
  paging.efer = state.efer;
  paging.alignment_check = state.rflags & arch::flag::ac;
  return paging;
}

mmu::Privilege privilege_of(const arch::CpuState& state) {
  return state.cpl() == 3 ? mmu::Privilege::user : mmu::Privilege::supervisor;
}

std::optional<Gpa> GuestView::translate(u64 linear, arch::Access access) const {
  mmu::GuestMemoryTables tables(memory_);
  const auto walk =
      mmu::derive_walk(tables, paging_of(state_), physical_bits_, {Gva(linear), access, privilege_of(state_)});
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
