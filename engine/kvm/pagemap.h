// Host-virtual to host-physical, as far as the kernel tells: /proc/self/pagemap (Linux admin-guide, "Examining Process
// Page Tables"). Without CAP_SYS_ADMIN every frame number reads as 0, which is unknown here and never an address.
#pragma once

#include <string>

#include "base/address.h"
#include "kvm/descriptor.h"

namespace trapline::kvm {

class Pagemap {
 public:
  explicit Pagemap(const std::string& path = "/proc/self/pagemap");

  // Whether a page that surely is in memory has a frame number.
  bool shows_frames() const { return shows_frames_; }

  // Where a byte of this process lies now; unknown() where not told, not present, or swapped out. The kernel may move a
  // page at any time: this is the answer of this moment.
  Hpa frame_of(const void* byte) const;

 private:
  Descriptor file_;
  bool shows_frames_ = false;
};

}  // namespace trapline::kvm
