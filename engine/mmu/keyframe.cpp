// TLB and caches as bytes, for keyframes.
#include "mmu/bytes.h"
#include "mmu/mmu.h"

namespace trapline::mmu {

namespace {
constexpr u32 format_version = 1;
}

std::vector<std::byte> Mmu::save() const {
  std::vector<std::byte> bytes;
  put(bytes, format_version);
  tlb_.save(bytes);
  guest_physical_.save(bytes);
  linear_structures_.save(bytes);
  ept_structures_.save(bytes);
  return bytes;
}

bool Mmu::restore(std::span<const std::byte> bytes) {
  ++generation_;
  u32 version = 0;
  const bool whole = take(bytes, version) && version == format_version && tlb_.restore(bytes) &&
                     guest_physical_.restore(bytes) && linear_structures_.restore(bytes) &&
                     ept_structures_.restore(bytes) && bytes.empty();
  if (whole) return true;
  tlb_.clear();
  guest_physical_.clear();
  linear_structures_.clear();
  ept_structures_.clear();
  return false;
}

}  // namespace trapline::mmu
