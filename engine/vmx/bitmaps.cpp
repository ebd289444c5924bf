// One bit of a bitmap, and which bitmap it is in.
#include "vmx/bitmaps.h"

namespace trapline::vmx {
namespace {

bool bit_at(const memory::HostMemory& memory, Hpa bitmap, u64 index) {
  const Hpa byte = bitmap + index / 8;
  if (!memory.contains(byte, 1)) return true;
  return has_bit(memory.read(byte, 1), index % 8);
}

}  // namespace

bool io_bitmaps_reserve(const Vmcs& vmcs, const memory::HostMemory& memory, u16 port, u8 size) {
  constexpr u32 ports = 0x10000, ports_of_a = 0x8000;
  for (u32 each = port; each < static_cast<u32>(port) + size; ++each) {
    if (each >= ports) return true;
    const bool in_a = each < ports_of_a;
    const Hpa bitmap(vmcs.get(in_a ? VmcsField::io_bitmap_a_address : VmcsField::io_bitmap_b_address));
    if (bit_at(memory, bitmap, each % ports_of_a)) return true;
  }
  return false;
}

bool msr_bitmaps_reserve(const Vmcs& vmcs, const memory::HostMemory& memory, u32 index, MsrAccess access) {
  constexpr u32 low_end = 0x1fff, high_begin = 0xc0000000, high_end = 0xc0001fff;
  constexpr u64 quarter = 1024;  // bytes: read low, read high, write low, write high
  const bool high = index >= high_begin && index <= high_end;
  if (!high && index > low_end) return true;
  const u64 offset = (high ? quarter : 0) + (access == MsrAccess::write ? 2 * quarter : 0);
  return bit_at(memory, Hpa(vmcs.get(VmcsField::msr_bitmap_address)) + offset, index & low_end);
}

}  // namespace trapline::vmx
