#include "technique/full/handled_guest.h"

#include <algorithm>

namespace trapline::technique::full {

std::vector<memory::Piece> FullGuest::pieces(Gva address, u64 bytes) const {
  mmu::GuestMemoryTables tables(memory_);
  const auto paging = mmu::paging_state_of(guest_);
  return memory::pieces_of(address, bytes, [&](Gva place) -> std::optional<Gpa> {
    const auto walk = mmu::derive_walk(tables, paging, physical_bits_,
                                       {place, arch::Access::read, mmu::Privilege::implicit_supervisor});
    const bool reached = walk.outcome == trace::WalkOutcome::translated && memory_.contains(walk.gpa, 1);
    return reached ? std::optional(walk.gpa) : std::nullopt;
  });
}

bool FullGuest::read(Gva address, std::span<std::byte> into) {
  const auto found = pieces(address, into.size());
  for (const memory::Piece& piece : found) {
    memory_.read(piece.place, into.first(piece.bytes));
    into = into.subspan(piece.bytes);
  }
  return !found.empty();
}

bool FullGuest::write_bytes(Gva address, std::span<const std::byte> from) {
  const auto found = pieces(address, from.size());
  for (const memory::Piece& piece : found) {
    write_physical_bytes(piece.place, from.first(piece.bytes));
    from = from.subspan(piece.bytes);
  }
  return !found.empty();
}

// Word by word, so that shadow tables and translated code hear of each as of a store of the guest's.
bool FullGuest::write_physical_bytes(Gpa address, std::span<const std::byte> from) {
  if (from.empty() || !memory_.contains(address, from.size())) return false;
  while (!from.empty()) {
    const unsigned size = static_cast<unsigned>(std::min<u64>(from.size(), 8 - address.value % 8));
    u64 before = 0;
    memory_.read(address, std::as_writable_bytes(std::span(&before, 1)).first(size));
    memory_.write(address, from.first(size), trace::Writer::monitor);
    watcher_.memory_written(address, size, before);
    address = address + size;
    from = from.subspan(size);
  }
  return true;
}

bool FullGuest::change_state(const arch::CpuState& after) {
  const bool tables =
      after.cr0 != guest_.cr0 || after.cr3 != guest_.cr3 || after.cr4 != guest_.cr4 || after.efer != guest_.efer;
  guest_ = after;
  if (tables) watcher_.tables_changed();
  return true;
}

bool FullGuest::skip_instruction() {
  if (instruction_length_ == 0) return false;
  guest_.rip += instruction_length_;
  guest_.blocking_by_sti = guest_.blocking_by_mov_ss = false;
  guest_.rflags &= ~arch::flag::rf;
  door_.retire_emulated();
  return true;
}

}  // namespace trapline::technique::full
