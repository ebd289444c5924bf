#include "technique/para/kernel_memory.h"

#include <algorithm>

namespace trapline::technique::para {

std::vector<KernelMemory::Piece> KernelMemory::pieces(u64 address, u64 bytes, arch::Access access) const {
  std::vector<Piece> found;
  if (address + (bytes - 1) < address) return found;
  for (u64 done = 0; done < bytes;) {
    const Gva place(address + done);
    const auto reached = paging_.reach(place, access);
    if (!reached) return {};
    const u64 length = std::min(bytes - done, page_bytes - place.page_offset());
    found.push_back({place, *reached, length});
    done += length;
  }
  return found;
}

bool KernelMemory::read(u64 address, std::span<std::byte> into) {
  if (into.empty()) return true;
  const auto found = pieces(address, into.size(), arch::Access::read);
  for (const Piece& piece : found) {
    paging_.touch(piece.linear, arch::Access::read);
    memory_.read(piece.place, into.first(piece.bytes));
    into = into.subspan(piece.bytes);
  }
  return !found.empty();
}

bool KernelMemory::write(u64 address, std::span<const std::byte> from) {
  if (from.empty()) return true;
  const auto found = pieces(address, from.size(), arch::Access::write);
  for (const Piece& piece : found) {
    paging_.touch(piece.linear, arch::Access::write);
    memory_.write(piece.place, from.first(piece.bytes), trace::Writer::monitor);
    from = from.subspan(piece.bytes);
  }
  return !found.empty();
}

}  // namespace trapline::technique::para
