// One 64-bit word per page: bit 63 present, bit 62 swapped, bits 54:0 the frame number of a present page.
#include "kvm/pagemap.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/bits.h"

namespace trapline::kvm {

Pagemap::Pagemap(const std::string& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  const volatile char in_memory = 1;  // the stack page under our feet
  shows_frames_ = frame_of(const_cast<const char*>(&in_memory)).known();
}

Hpa Pagemap::frame_of(const void* byte) const {
  if (!file_.valid()) return Hpa::unknown();
  const u64 address = reinterpret_cast<u64>(byte);
  u64 word = 0;
  const off_t place = static_cast<off_t>(address / page_bytes * sizeof word);
  if (::pread(file_.number(), &word, sizeof word, place) != sizeof word) return Hpa::unknown();
  const u64 frame = bits(word, 54, 0);
  if (!has_bit(word, 63) || frame == 0) return Hpa::unknown();
  return Hpa(frame * page_bytes + address % page_bytes);
}

}  // namespace trapline::kvm
