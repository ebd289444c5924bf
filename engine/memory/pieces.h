// A range of linear addresses as pieces of physical memory, page by page.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "base/address.h"

namespace trapline::memory {

struct Piece {
  Gva linear;
  Gpa place;
  u64 bytes;
};

// `translate(Gva)` tells where a byte lies, or nothing. Empty where any byte of the range is out of reach, where the
// range wraps round the end of the address space, or where it is empty.
template <typename Translate>
std::vector<Piece> pieces_of(Gva address, u64 bytes, const Translate& translate) {
  std::vector<Piece> found;
  if (bytes == 0 || address.value + (bytes - 1) < address.value) return found;
  for (u64 done = 0; done < bytes;) {
    const Gva place = address + done;
    const std::optional<Gpa> reached = translate(place);
    if (!reached) return {};
    const u64 length = std::min(bytes - done, page_bytes - place.page_offset());
    found.push_back({place, *reached, length});
    done += length;
  }
  return found;
}

}  // namespace trapline::memory
