// How the soft metal divides the host-physical memory of its modelled machine.
//
// The monitor's own frames (VMXON region, VMCS, bitmaps, EPT) come first; the guest's frames are scattered over the
// rest, so that a guest-physical address is never by accident a host-physical one.
#pragma once

#include <optional>

#include "base/address.h"

namespace trapline::soft {

// Frame numbers with a fixed use. Frame 0 stays empty: a null physical address is always a mistake.
namespace frame {
inline constexpr u64 vmxon = 1, vmcs = 2, io_bitmap_a = 3, io_bitmap_b = 4, msr_bitmap = 5, first_free = 6;
}

struct FrameLayout {
  u64 monitor_frames = 0;  // [0, monitor_frames) belong to the monitor
  u64 guest_pages = 0;
  u64 total_frames = 0;

  // Room for the EPT of every guest page in 4 KiB mappings, and half as many frames again to scatter over.
  static constexpr FrameLayout for_guest(u64 memory_bytes) {
    const u64 pages = memory_bytes / page_bytes;
    const u64 tables = pages / 512 + pages / (512 * 512) + 8;
    const u64 monitor = frame::first_free + tables + 64;
    return {monitor, pages, monitor + pages + pages / 2};
  }
};

// Hands out the monitor's free frames, in order; none is ever given back in the life of a machine.
class FrameAllocator {
 public:
  explicit FrameAllocator(u64 end) : end_(end) {}
  std::optional<u64> take() {
    if (next_ >= end_) return std::nullopt;
    return next_++;
  }

 private:
  u64 next_ = frame::first_free;
  u64 end_;
};

}  // namespace trapline::soft
