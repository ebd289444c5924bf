#include "views/known_memory.h"

#include <algorithm>
#include <cstring>

#include "base/tag.h"

namespace trapline::views {

namespace {
constexpr u32 page_part = tag("PAGE"), memory_part = tag("MEM0");
}

void KnownMemoryView::add(const trace::RecordedEvent& event) {
  const u64 at = event.sequence();
  if (const auto part = event.as<trace::Keyframe>()) {
    if (part->tag == page_part || part->tag == memory_part) tell(part->address, event.blob(), at);
  } else if (const auto write = event.as<trace::TableWrite>()) {
    tell_number(write->hpa, write->value, write->size, at);
  } else if (const auto access = event.as<trace::MemoryAccess>()) {
    // Of a wider access the event holds the low 8 bytes only.
    if (access->access != static_cast<u8>(trace::AccessKind::execute))
      tell_number(access->hpa, access->value, access->size, at);
  }
}

KnownMemoryView::Frame* KnownMemoryView::frame_for_writing(u64 number) {
  const auto found = frames_.find(number);
  if (found == frames_.end()) {
    if (frames_.size() >= most_frames) return nullptr;
    return frames_.emplace(number, std::make_shared<Frame>()).first->second.get();
  }
  if (found->second.use_count() > 1) found->second = std::make_shared<Frame>(*found->second);
  return found->second.get();
}

const KnownMemoryView::Frame* KnownMemoryView::frame(u64 hpa) const {
  const auto found = frames_.find(hpa >> page_bits);
  return found == frames_.end() ? nullptr : found->second.get();
}

void KnownMemoryView::tell(u64 hpa, std::span<const std::byte> bytes, u64 sequence) {
  if (hpa == unknown_address || hpa > ~0ULL - bytes.size()) return;
  while (!bytes.empty()) {
    const u64 offset = hpa & (page_bytes - 1);
    const u64 count = std::min<u64>(bytes.size(), page_bytes - offset);
    if (Frame* const into = frame_for_writing(hpa >> page_bits)) {
      std::memcpy(into->bytes.data() + offset, bytes.data(), count);
      for (u64 i = offset; i < offset + count; ++i) into->known.set(i);
      for (u64 entry = offset / 8; entry <= (offset + count - 1) / 8; ++entry) into->tellers[entry] = sequence;
    } else {
      left_out_ += count;
    }
    hpa += count;
    bytes = bytes.subspan(count);
  }
}

void KnownMemoryView::tell_number(u64 hpa, u64 value, unsigned bytes, u64 sequence) {
  std::array<std::byte, 8> raw;
  for (unsigned i = 0; i < 8; ++i) raw[i] = static_cast<std::byte>(value >> (8 * i));
  tell(hpa, std::span(raw).first(std::min(bytes, 8U)), sequence);
}

std::optional<u8> KnownMemoryView::byte(u64 hpa) const {
  const Frame* const found = frame(hpa);
  const u64 offset = hpa & (page_bytes - 1);
  return found != nullptr && found->known[offset] ? std::optional(found->bytes[offset]) : std::nullopt;
}

std::optional<u64> KnownMemoryView::teller(u64 hpa) const {
  const Frame* const found = frame(hpa);
  const u64 first = hpa & (page_bytes - 1) & ~7ULL;
  if (found == nullptr) return std::nullopt;
  for (u64 i = first; i < first + 8; ++i)
    if (found->known[i]) return found->tellers[first / 8];
  return std::nullopt;
}

}  // namespace trapline::views
