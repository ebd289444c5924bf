#include "technique/para/kernel_memory.h"

namespace trapline::technique::para {

std::vector<memory::Piece> KernelMemory::pieces(u64 address, u64 bytes, arch::Access access) const {
  return memory::pieces_of(Gva(address), bytes, [&](Gva place) { return paging_.reach(place, access); });
}

bool KernelMemory::read(u64 address, std::span<std::byte> into) {
  if (into.empty()) return true;
  const auto found = pieces(address, into.size(), arch::Access::read);
  for (const memory::Piece& piece : found) {
    paging_.touch(piece.linear, arch::Access::read);
    memory_.read(piece.place, into.first(piece.bytes));
    into = into.subspan(piece.bytes);
  }
  return !found.empty();
}

bool KernelMemory::write(u64 address, std::span<const std::byte> from) {
  if (from.empty()) return true;
  const auto found = pieces(address, from.size(), arch::Access::write);
  for (const memory::Piece& piece : found) {
    paging_.touch(piece.linear, arch::Access::write);
    memory_.write(piece.place, from.first(piece.bytes), trace::Writer::monitor);
    from = from.subspan(piece.bytes);
  }
  return !found.empty();
}

}  // namespace trapline::technique::para
