#include "views/table_memory.h"

#include <algorithm>

#include "base/address.h"
#include "base/bits.h"
#include "base/tag.h"

namespace trapline::views {

namespace {

constexpr u32 page_part = tag("PAGE");

bool is(u8 value, trace::Dimension dimension) { return value == static_cast<u8>(dimension); }

}  // namespace

trace::KindSet TableMemory::kinds(const trace::EventSource& source) {
  return source.kinds<trace::RunHeader, trace::Keyframe, trace::TableWrite, trace::WalkBegin, trace::WalkReference,
                      trace::ShadowFill, trace::PageTableUpdate>();
}

void TableMemory::add(const trace::RecordedEvent& event) {
  if (const auto header = event.as<trace::RunHeader>()) {
    by_guest_address_ = header->metal == static_cast<u8>(trace::MetalKind::kvm);
  } else if (const auto part = event.as<trace::Keyframe>()) {
    if (part->tag == page_part) watch(event, *part);
  } else if (const auto written = event.as<trace::TableWrite>()) {
    write(*written, event.sequence());
  } else if (const auto update = event.as<trace::PageTableUpdate>()) {
    asked_[update->entry_gpa] = {update->value, event.sequence()};
  } else {
    follow_walk(event);
  }
}

TableMemory::Frame& TableMemory::writable(u64 number) {
  std::shared_ptr<Frame>& frame = frames_[number];
  if (!frame)
    frame = std::make_shared<Frame>();
  else if (frame.use_count() > 1)
    frame = std::make_shared<Frame>(*frame);
  return *frame;
}

void TableMemory::watch(const trace::RecordedEvent& event, const trace::Keyframe& part) {
  const std::span<const std::byte> bytes = event.blob();
  for (u64 offset = 0; offset + page_bytes <= bytes.size(); offset += page_bytes) {
    Frame& frame = writable((part.address + offset) >> page_bits);
    std::memcpy(frame.values.data(), bytes.data() + offset, page_bytes);
    frame.known.set();
    frame.since = event.sequence();
    frame.writes.clear();
  }
}

void TableMemory::write(const trace::TableWrite& write, u64 sequence) {
  const u64 place = by_guest_address_ ? write.gpa : write.hpa;
  const unsigned first = static_cast<unsigned>(place & 7);
  if (place == unknown_address || write.size == 0 || write.size + first > 8) return;
  Frame& frame = writable(place >> page_bits);
  const u16 index = static_cast<u16>(bits(place, 11, 3));
  if (!frame.known[index] && write.size != 8) return;  // the rest of the entry is not known
  const u64 before = frame.known[index] ? frame.values[index] : write.old_value;
  const u64 mask = low_bytes_mask(write.size) << (8 * first);
  frame.values[index] = (before & ~mask) | (write.value << (8 * first) & mask);
  if (frame.known.none()) frame.since = sequence;
  frame.known.set(index);
  frame.writes[index] = {sequence, before, write.writer};
  if (is(write.dimension, trace::Dimension::shadow)) last_shadow_write_ = write;
}

void TableMemory::follow_walk(const trace::RecordedEvent& event) {
  if (const auto begin = event.as<trace::WalkBegin>()) {
    begin_ = *begin;
    if (begin->ept_pointer != 0) ept_pointer_ = begin->ept_pointer;
    if (begin->gva != unknown_address) last_gva_ = begin->gva;
  } else if (const auto reference = event.as<trace::WalkReference>()) {
    follow_reference(*reference);
  } else if (const auto fill = event.as<trace::ShadowFill>()) {
    follow_fill(*fill);
  }
}

// Whose root a walk began at follows from the dimension of what it read.
void TableMemory::follow_reference(const trace::WalkReference& reference) {
  const u64 page = reference.entry_hpa >> page_bits;
  if (is(reference.dimension, trace::Dimension::guest)) {
    guest_root_ = begin_.root;
    if (reference.entry_gpa != unknown_address && reference.entry_hpa != unknown_address)
      host_pages_[reference.entry_gpa >> page_bits] = page;
  } else if (is(reference.dimension, trace::Dimension::shadow) && reference.level == 1) {
    if (const auto leaf = shadow_leaves_.find(page); leaf != shadow_leaves_.end())
      shadow_roots_[leaf->second] = begin_.root;
  }
}

// The monitor stores a shadow entry just before it says so: the frame is one of that root's.
void TableMemory::follow_fill(const trace::ShadowFill& fill) {
  if (last_shadow_write_.size == 8 && last_shadow_write_.value == fill.value)
    shadow_leaves_[last_shadow_write_.hpa >> page_bits] = {fill.guest_root, fill.space};
}

std::optional<TableEntryView> TableMemory::entry(u64 place) const {
  const auto found = frames_.find(place >> page_bits);
  const u16 index = static_cast<u16>(bits(place, 11, 3));
  if (found == frames_.end() || !found->second->known[index]) return std::nullopt;
  const Frame& frame = *found->second;
  TableEntryView view{frame.values[index], frame.values[index], 0, frame.since, {}};
  if (const auto write = frame.writes.find(index); write != frame.writes.end()) {
    view.before = write->second.before;
    view.written_by = write->second.sequence;
    view.writer = static_cast<trace::Writer>(write->second.writer);
  }
  return view;
}

std::optional<u64> TableMemory::place_of(u64 gpa) const {
  if (by_guest_address_) return gpa;
  const auto found = host_pages_.find(gpa >> page_bits);
  if (found == host_pages_.end()) return std::nullopt;
  return found->second << page_bits | (gpa & (page_bytes - 1));
}

}  // namespace trapline::views
