// Anonymous pages of the host, and the one place where a watched frame's bytes change.
#include "memory/host_memory.h"

#include <algorithm>
#include <cassert>
#include <sys/mman.h>

namespace trapline::memory {

namespace {

std::byte* fresh_pages(u64 bytes) {
  void* const region = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return region == MAP_FAILED ? nullptr : static_cast<std::byte*>(region);
}

bool is_zero(const std::byte* page) {
  // A page whose first byte is zero and that equals itself moved by one byte is zero throughout.
  return page[0] == std::byte{0} && std::memcmp(page, page + 1, page_bytes - 1) == 0;
}

u64 load(const std::byte* bytes, u64 count) {
  u64 value = 0;
  std::memcpy(&value, bytes, count);
  return value;
}

}  // namespace

Result<std::unique_ptr<HostMemory>> HostMemory::make(u64 bytes, trace::Bus& bus) {
  if (bytes == 0 || bytes % page_bytes != 0 || bytes > largest)
    return usage_error("a machine cannot have " + std::to_string(bytes) +
                       " bytes of memory: ask for a multiple of 4096, at most " + std::to_string(largest >> 30) +
                       " GiB");
  auto memory = std::make_unique<HostMemory>(bytes, bus);
  if (memory->bytes() != bytes)
    return unavailable("this host has no room for " + std::to_string(bytes) +
                       " bytes of machine memory: ask for less memory");
  return memory;
}

HostMemory::HostMemory(u64 bytes, trace::Bus& bus)
    : bus_(bus), bytes_(bytes), base_(fresh_pages(bytes)), region_owner_(Owner::us) {
  assert(bytes > 0 && bytes % page_bytes == 0 && bytes <= largest);
  if (!base_) bytes_ = 0;
  marks_.resize(bytes_ / page_bytes);
}

HostMemory::HostMemory(std::span<std::byte> region, trace::Bus& bus)
    : bus_(bus), bytes_(region.size()), base_(region.data()), region_owner_(Owner::somebody_else) {
  assert(bytes_ % page_bytes == 0 && reinterpret_cast<std::uintptr_t>(base_) % page_bytes == 0);
  marks_.resize(bytes_ / page_bytes);
}

HostMemory::~HostMemory() {
  if (region_owner_ == Owner::us && base_) munmap(base_, bytes_);
}

void HostMemory::write(Hpa address, unsigned size, u64 value, trace::Writer writer) {
  assert(contains(address, size) && address.page_offset() + size <= page_bytes);
  if (marks_[address.page_number()] != 0)
    before_write(address, std::as_bytes(std::span(&value, 1)).first(size), writer);
  std::memcpy(base_ + address.value, &value, size);
}

void HostMemory::read_bytes(Hpa address, std::span<std::byte> into) const {
  assert(contains(address, into.size()) || into.empty());
  if (!into.empty()) std::memcpy(into.data(), base_ + address.value, into.size());
}

void HostMemory::write_bytes(Hpa address, std::span<const std::byte> from, trace::Writer writer) {
  assert(contains(address, from.size()) || from.empty());
  while (!from.empty()) {
    const auto piece = from.first(std::min<u64>(from.size(), page_bytes - address.page_offset()));
    if (marks_[address.page_number()] != 0) before_write(address, piece, writer);
    std::memcpy(base_ + address.value, piece.data(), piece.size());
    address = address + piece.size();
    from = from.subspan(piece.size());
  }
}

void HostMemory::before_write(Hpa address, std::span<const std::byte> from, trace::Writer writer) {
  const u8 marks = marks_[address.page_number()];
  if ((marks & mark::code) && code_listener_) code_listener_(address.page_number(), address.page_offset(), from.size());
  if (marks & mark::table) emit_table_writes(address, from, writer);
}

// One event for each aligned eight bytes whose part changes: entries are eight bytes, so no event spans two of them.
void HostMemory::emit_table_writes(Hpa address, std::span<const std::byte> from, trace::Writer writer) {
  if (!bus_.records(trace::Level::mmu)) return;
  const u8 marks = marks_[address.page_number()];
  const bool of_guest = marks & mark::guest_table;
  const auto dimension = of_guest                     ? trace::Dimension::guest
                         : marks & mark::shadow_table ? trace::Dimension::shadow
                                                      : trace::Dimension::ept;
  const Gpa owner = of_guest ? owner_of(address.page_number()) : Gpa::unknown();
  while (!from.empty()) {
    const u64 count = std::min<u64>(from.size(), 8 - address.value % 8);
    trace::TableWrite event;
    event.dimension = static_cast<u8>(dimension);
    event.writer = static_cast<u8>(writer);
    event.size = static_cast<u8>(count);
    event.gpa = owner.known() ? owner.value + address.page_offset() : unknown_address;
    event.hpa = address.value;
    event.old_value = load(base_ + address.value, count);
    event.value = load(from.data(), count);
    if (event.old_value != event.value) bus_.emit(event);
    address = address + count;
    from = from.subspan(count);
  }
}

bool HostMemory::add_mark(u64 frame, u8 mark) {
  assert(frame < marks_.size());
  const u8 before = marks_[frame];
  if ((before | mark) == before) return false;
  marks_[frame] = before | mark;
  if (before == 0 && mark_listener_) mark_listener_(frame);
  if ((mark & mark::table) && !(before & mark::table)) emit_pages(page_part, 0, frame, 1);
  return true;
}

void HostMemory::clear_mark(u64 frame, u8 mark) {
  assert(frame < marks_.size());
  marks_[frame] &= static_cast<u8>(~mark);
}

void HostMemory::emit_pages(u32 part, u64 set, u64 first_frame, u64 count) const {
  bus_.emit_with_blob(trace::Keyframe{set, part, first_frame * page_bytes},
                      std::span(base_ + first_frame * page_bytes, count * page_bytes));
}

void HostMemory::save_keyframe(u64 set) const {
  constexpr u64 most_pages = 64;  // in one part, to keep records well below a chunk of the bus
  u64 first = 0, count = 0;
  for (u64 frame = 0; frame < marks_.size(); ++frame) {
    const bool wanted = !is_zero(base_ + frame * page_bytes);
    if (count > 0 && (!wanted || count == most_pages)) {
      emit_pages(memory_part, set, first, count);
      count = 0;
    }
    if (!wanted) continue;
    if (count == 0) first = frame;
    ++count;
  }
  if (count > 0) emit_pages(memory_part, set, first, count);
}

void HostMemory::clear() {
  // Fresh pages give untouched memory back to the host; a region of somebody else's is written.
  if (region_owner_ == Owner::us && madvise(base_, bytes_, MADV_DONTNEED) == 0) return;
  if (bytes_ > 0) std::memset(base_, 0, bytes_);
}

bool HostMemory::restore_part(Hpa address, std::span<const std::byte> bytes) {
  if (bytes.empty() || bytes.size() % page_bytes != 0 || address.page_offset() != 0) return false;
  if (!contains(address, bytes.size())) return false;
  std::memcpy(base_ + address.value, bytes.data(), bytes.size());
  return true;
}

}  // namespace trapline::memory
