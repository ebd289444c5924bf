// Memory by the linear addresses of a paravirtual kernel, as its hypercalls' arguments name it: any length, across
// pages, with the rights that its page tables give. False, and nothing done, where any byte is out of reach.
#pragma once

#include "memory/pieces.h"
#include "technique/para/direct_paging.h"

namespace trapline::technique::para {

class KernelMemory {
 public:
  KernelMemory(DirectPaging& paging, memory::GuestMemory& memory) : paging_(paging), memory_(memory) {}

  bool read(u64 address, std::span<std::byte> into);
  bool write(u64 address, std::span<const std::byte> from);
  bool writable(u64 address, u64 bytes) const { return !pieces(address, bytes, arch::Access::write).empty(); }

  template <typename Value>
  bool read(u64 address, Value& value) {
    return read(address, std::as_writable_bytes(std::span(&value, 1)));
  }
  template <typename Value>
  bool write(u64 address, const Value& value) {
    return write(address, std::as_bytes(std::span(&value, 1)));
  }

 private:
  // Empty where any byte is out of reach; `bytes` is at least 1.
  std::vector<memory::Piece> pieces(u64 address, u64 bytes, arch::Access access) const;

  DirectPaging& paging_;
  memory::GuestMemory& memory_;
};

}  // namespace trapline::technique::para
