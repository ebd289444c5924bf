// Ranges of a run, cut at the borders of its parts.
#include "virtio/chain.h"

#include <algorithm>
#include <cassert>

namespace trapline::virtio {

void Chain::add(Run& run, Gpa address, u32 bytes) {
  assert(memory_.contains(address, bytes));
  ++run.descriptors;
  if (bytes == 0) return;  // a buffer of no bytes is legal, and nothing is ever found in it
  run.parts.push_back({run.bytes, address, bytes});
  run.bytes += bytes;
}

template <typename Visit>
void Chain::each_piece(const Run& run, u64 offset, u64 bytes, Visit visit) {
  assert(offset <= run.bytes && bytes <= run.bytes - offset);
  if (bytes == 0) return;
  // The last part that begins at or before the offset: searched by halves, or a chain of many parts read sector by
  // sector would cost their product.
  auto part = std::prev(std::ranges::upper_bound(run.parts, offset, {}, &Part::offset));
  for (u64 done = 0; done < bytes; ++part) {
    const u64 inside = offset + done - part->offset;
    const u64 count = std::min(part->bytes - inside, bytes - done);
    visit(part->address + inside, done, count);
    done += count;
  }
}

void Chain::read(u64 offset, std::span<std::byte> into) const {
  each_piece(readable_, offset, into.size(), [&](Gpa address, u64 position, u64 count) {
    [[maybe_unused]] const bool read = memory_.read(address, into.subspan(position, count));
    assert(read);
  });
}

void Chain::write(u64 offset, std::span<const std::byte> from) const {
  each_piece(writable_, offset, from.size(), [&](Gpa address, u64 position, u64 count) {
    [[maybe_unused]] const bool written = memory_.write(address, from.subspan(position, count), trace::Writer::device);
    assert(written);
  });
}

}  // namespace trapline::virtio
