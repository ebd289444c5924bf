// Guest-physical pages are frames elsewhere, so every access is cut at page borders.
#include "memory/guest_memory.h"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "base/split_mix.h"

namespace trapline::memory {

namespace {

constexpr u64 no_page = ~0ULL;

}  // namespace

GuestMemory::GuestMemory(HostMemory& host, std::vector<u64> frames) : host_(host), frames_(std::move(frames)) {
  pages_of_frames_.assign(host.bytes() / page_bytes, no_page);
  for (u64 page = 0; page < frames_.size(); ++page) {
    assert(frames_[page] < pages_of_frames_.size() && pages_of_frames_[frames_[page]] == no_page);
    pages_of_frames_[frames_[page]] = page;
  }
}

std::optional<Hpa> GuestMemory::host_address(Gpa address) const {
  if (address.page_number() >= frames_.size()) return std::nullopt;
  return Hpa::of_page(frames_[address.page_number()]) + address.page_offset();
}

Gpa GuestMemory::guest_page_of_frame(u64 frame) const {
  if (frame >= pages_of_frames_.size() || pages_of_frames_[frame] == no_page) return Gpa::unknown();
  return Gpa::of_page(pages_of_frames_[frame]);
}

bool GuestMemory::read(Gpa address, std::span<std::byte> into) const {
  if (!contains(address, into.size())) return into.empty();
  while (!into.empty()) {
    const u64 count = std::min<u64>(into.size(), page_bytes - address.page_offset());
    host_.read_bytes(*host_address(address), into.first(count));
    address = address + count;
    into = into.subspan(count);
  }
  return true;
}

bool GuestMemory::write(Gpa address, std::span<const std::byte> from, trace::Writer writer) {
  if (!contains(address, from.size())) return from.empty();
  while (!from.empty()) {
    const u64 count = std::min<u64>(from.size(), page_bytes - address.page_offset());
    host_.write_bytes(*host_address(address), from.first(count), writer);
    address = address + count;
    from = from.subspan(count);
  }
  return true;
}

std::vector<u64> scattered_frames(u64 pages, u64 first_frame, u64 count, u64 seed) {
  assert(pages <= count);
  std::vector<u64> frames(count);
  std::iota(frames.begin(), frames.end(), first_frame);
  u64 state = seed;
  // Fisher and Yates from the front, as far as it is needed. The slight unevenness of % is of no consequence here.
  for (u64 page = 0; page < pages; ++page)
    std::swap(frames[page], frames[page + next_split_mix(state) % (count - page)]);
  // No page may sit in the frame of its own number, or its two addresses would look like one.
  for (u64 page = 0; count > 1 && page < pages; ++page)
    if (frames[page] == page) std::swap(frames[page], frames[page + 1 < count ? page + 1 : 0]);
  frames.resize(pages);
  return frames;
}

std::vector<u64> identity_frames(u64 pages) {
  std::vector<u64> frames(pages);
  std::iota(frames.begin(), frames.end(), 0);
  return frames;
}

}  // namespace trapline::memory
